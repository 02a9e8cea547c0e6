# A workspace that is split and merged, with peers and a catalog.
put pnpm-workspace.yaml <<'Y'
packages:
  - packages/*
Y
put package.json <<'J'
{
  "name": "acme-root",
  "version": "1.0.0",
  "private": true,
  "devDependencies": {
    "rimraf": "3.0.2"
  }
}
J
put packages/ui/package.json <<'J'
{
  "name": "@acme/ui",
  "version": "0.1.0",
  "dependencies": {
    "react": "17.0.2",
    "react-dom": "17.0.2",
    "use-sync-external-store": "1.2.0"
  }
}
J
pnpm_of 9 install && step initial
json packages/ui/package.json 'd.dependencies.react = d.dependencies["react-dom"] = "18.2.0"'
pnpm_of 9 install --no-frozen-lockfile && step react-18
put packages/cli/package.json <<'J'
{
  "name": "@acme/cli",
  "version": "0.1.0",
  "dependencies": {
    "@acme/ui": "workspace:*",
    "debug": "4.3.1",
    "react": "17.0.2",
    "use-sync-external-store": "1.2.0"
  }
}
J
pnpm_of 9 install --no-frozen-lockfile && step split
put pnpm-workspace.yaml <<'Y'
packages:
  - packages/*

catalog:
  react: 18.2.0
Y
json packages/ui/package.json 'd.dependencies.react = "catalog:"'
json packages/cli/package.json 'd.dependencies.react = "catalog:"'
pnpm_of 9 install --no-frozen-lockfile && step catalog
pnpm_of 10 install --no-frozen-lockfile && sed -i 's/18\.2\.0/18.3.1/' pnpm-workspace.yaml &&
    json packages/ui/package.json 'd.dependencies["react-dom"] = "18.3.1"' && pnpm_of 10 install --no-frozen-lockfile && step catalog-bump
json packages/cli/package.json 'd.dependencies.debug = "4.3.4"; d.optionalDependencies = {fsevents: "2.3.3"}'
pnpm_of 10 install --no-frozen-lockfile && step optional
json packages/cli/package.json 'd.dependencies.debug = "4.3.1"; delete d.optionalDependencies'
pnpm_of 10 install --no-frozen-lockfile && step revert
printf '\noverrides:\n  brace-expansion: 1.1.11\n  js-tokens: 4.0.0\n' >>pnpm-workspace.yaml
pnpm_of 10 install --no-frozen-lockfile && step overrides
rm -r packages/cli && pnpm_of 10 install --no-frozen-lockfile && step merge
pnpm_of 10 dedupe && pnpm_of 10 update -r --latest rimraf && step update-all
rm pnpm-lock.yaml && pnpm_of 10 install --no-frozen-lockfile && step regenerate
