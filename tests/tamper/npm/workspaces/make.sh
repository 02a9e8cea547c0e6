# A site that is split into workspaces and merged again.
lock() { npm_of 11 install --package-lock-only "$@"; }
put package.json <<'J'
{
  "name": "acme-site",
  "version": "1.0.0",
  "dependencies": {
    "chalk": "4.1.0",
    "debug": "4.3.1",
    "rimraf": "3.0.0"
  }
}
J
lock && step initial
lock debug@4.3.4 chalk@4.1.2 && step upgrade
json package.json 'd.workspaces = ["packages/*"]; delete d.dependencies.rimraf'
put packages/build/package.json <<'J'
{
  "name": "@acme/build",
  "version": "0.1.0",
  "dependencies": {
    "rimraf": "3.0.0",
    "ms": "2.0.0"
  }
}
J
lock && step split-into-workspaces
lock -w @acme/build esbuild@0.12.29 sass@1.60.0 && step platforms
json package.json 'd.overrides = {"brace-expansion": "1.1.8"}'
npm_of 11 update --package-lock-only brace-expansion && step override
lock -w @acme/build rimraf@2.7.1 && step downgrade
lock ms@2.1.3 && npm_of 11 dedupe --package-lock-only && step dedupe
echo omit-lockfile-registry-resolved=true >.npmrc
npm_config_omit_lockfile_registry_resolved=true lock && npm_config_omit_lockfile_registry_resolved=true lock debug@4.3.7 && step resolved-dropped-for-all
rm .npmrc package-lock.json && lock && step resolved-back
json package.json 'delete d.workspaces; d.dependencies.rimraf = "2.7.1"; delete d.overrides'
rm -r packages && lock && step merge-workspaces
rm package-lock.json && lock && step regenerate
npm_of 11 update --package-lock-only --save && step update-all
lock debug@4.3.1 && step revert-debug
