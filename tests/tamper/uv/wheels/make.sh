# Releases with many wheels, some of which came later than the release.
manifest() { # REQUIRES-PYTHON DEPENDENCIES
    put pyproject.toml <<T
[project]
name = "acme-reader"
version = "0.1.0"
requires-python = ">=$1"
dependencies = [$2]
T
}
manifest 3.9 '"pyyaml==6.0", "markupsafe==2.1.1"'
uv_of 0.4.30 lock && step initial
manifest 3.9 '"pyyaml==6.0", "markupsafe==2.1.3"'
uv_of 0.4.30 lock && step upgrade
manifest 3.9 '"pyyaml==6.0.1", "markupsafe==2.1.3"'
uv_of 0.8.24 lock --exclude-newer 2023-08-01T00:00:00Z && step until-august-2023
uv_of 0.8.24 lock --exclude-newer 2025-01-01T00:00:00Z && step later-wheels
uv_of 0.8.24 lock && step no-cutoff
manifest 3.11 '"pyyaml==6.0.1", "markupsafe==2.1.3"'
uv_of 0.8.24 lock && step fewer-platforms
manifest 3.9 '"pyyaml==6.0.1", "markupsafe==2.1.3", "jinja2==3.1.2"'
uv_of 0.8.24 lock && step more-platforms
uv_of 0.13.8 lock && step newer-client
manifest 3.9 '"pyyaml==6.0.1", "markupsafe==2.1.1", "jinja2==3.1.2"'
uv_of 0.13.8 lock && step downgrade
manifest 3.9 '"pyyaml", "markupsafe", "jinja2"'
uv_of 0.13.8 lock --upgrade && step upgrade-all
rm uv.lock && uv_of 0.13.8 lock && step regenerate
