"""A Go proxy in a folder, with modules that nobody else has: `proxy.py FOLDER < MODULES`.

Each line of MODULES is a module, a version and what it requires: `example.com/acme/log v1.0.0 example.com/acme/text@v0.1.0`.
"""
import json
import pathlib
import sys
import zipfile


def publish(folder, module, version, requires):
    served = folder / module / "@v"
    served.mkdir(parents=True, exist_ok=True)
    name = [part for part in module.split("/") if not (part[0] == "v" and part[1:].isdigit())][-1]
    # A module of before go.mod has none in its archive.
    has_file = not version.endswith("+incompatible")
    listed = "".join(f"\t{it.replace('@', ' ')}\n" for it in requires)
    mod = f"module {module}\n" + ("\ngo 1.17\n" if has_file else "") + (f"\nrequire (\n{listed})\n" if requires else "")
    imports = "".join(f'import _ "{it.split("@")[0]}"\n' for it in requires)
    with open(served / "list", "a") as known:
        known.write(f"{version}\n" if not version.startswith("v0.0.0-") else "")
    (served / f"{version}.info").write_text(json.dumps({"Version": version, "Time": "2024-01-02T03:04:05Z"}))
    (served / f"{version}.mod").write_text(mod)
    with zipfile.ZipFile(served / f"{version}.zip", "w") as archive:
        if has_file:
            archive.writestr(f"{module}@{version}/go.mod", mod)
        archive.writestr(f"{module}@{version}/{name}.go", f'package {name}\n\n{imports}\nconst Version = "{version}"\n')


for line in sys.stdin:
    if line.strip():
        module, version, *requires = line.split()
        publish(pathlib.Path(sys.argv[1]), module, version, requires)
