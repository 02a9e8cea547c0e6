# A workspace with extras, groups, constraints and overrides.
put pyproject.toml <<'T'
[project]
name = "acme-app"
version = "0.1.0"
requires-python = ">=3.9"
dependencies = ["requests==2.28.0"]
T
uv_of 0.6.3 lock && step initial
sed -i 's/2\.28\.0/2.31.0/' pyproject.toml && uv_of 0.6.3 lock && step upgrade
printf '\n[project.optional-dependencies]\nsocks = ["requests[socks]"]\n\n[dependency-groups]\ndev = ["pluggy==1.3.0"]\n' >>pyproject.toml
uv_of 0.6.3 lock && step extras-and-groups
put libs/core/pyproject.toml <<'T'
[project]
name = "acme-core"
version = "0.1.0"
requires-python = ">=3.9"
dependencies = ["packaging>=22", "click==8.1.3"]
T
sed -i 's/\["requests==2.31.0"\]/["requests==2.31.0", "acme-core"]/' pyproject.toml
printf '\n[tool.uv.sources]\nacme-core = { workspace = true }\n\n[tool.uv.workspace]\nmembers = ["libs/*"]\n' >>pyproject.toml
uv_of 0.8.24 lock && step split
printf '\n[tool.uv]\nconstraint-dependencies = ["urllib3<2"]\n' >>pyproject.toml
uv_of 0.8.24 lock && step constraint
printf 'override-dependencies = ["idna==3.4"]\n' >>pyproject.toml
uv_of 0.8.24 lock && step override
sed -i 's/click==8.1.3/click==8.1.7/' libs/core/pyproject.toml && uv_of 0.13.8 lock && step newer-client
sed -i "s/click==8.1.7/click>=8.1/" libs/core/pyproject.toml && uv_of 0.13.8 lock --upgrade-package click && step upgrade-one
sed -i '/^override-dependencies/d; /^constraint-dependencies/d; /^\[tool.uv\]$/d' pyproject.toml
uv_of 0.13.8 lock --upgrade && step upgrade-all
sed -i 's/requests==2.31.0/requests==2.28.0/' pyproject.toml && uv_of 0.13.8 lock && step downgrade
rm -r libs && sed -i 's/, "acme-core"//; /^\[tool.uv/,$d' pyproject.toml && uv_of 0.13.8 lock && step merge
rm uv.lock && uv_of 0.13.8 lock && step regenerate
