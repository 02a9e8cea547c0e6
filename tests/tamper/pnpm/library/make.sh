# One package, from pnpm 7 to pnpm 10.
put package.json <<'J'
{
  "name": "acme-library",
  "version": "1.0.0",
  "dependencies": {
    "chalk": "4.1.0",
    "glob": "7.1.6"
  },
  "devDependencies": {
    "mkdirp": "0.5.1"
  }
}
J
pnpm_of 7 install && step initial
pnpm_of 7 add glob@7.2.0 && step upgrade
pnpm_of 8 install --no-frozen-lockfile && step pnpm-8
pnpm_of 8 add -D esbuild@0.17.19 && step platforms
pnpm_of 9 install --no-frozen-lockfile && step pnpm-9
json package.json 'd.pnpm = {overrides: {"brace-expansion": "1.1.11", "minimist": "1.2.8"}}'
pnpm_of 9 install --no-frozen-lockfile && step overrides
json package.json 'd.pnpm.packageExtensions = {"glob@7": {dependencies: {ms: "2.1.2"}}}'
pnpm_of 9 install --no-frozen-lockfile && step package-extension
json package.json 'delete d.pnpm.packageExtensions; d.dependencies["old-chalk"] = "npm:chalk@2.4.2"'
pnpm_of 10 install --no-frozen-lockfile && step alias
pnpm_of 10 add glob@7.1.6 && step downgrade
pnpm_of 10 update --latest mkdirp chalk && step update-all
pnpm_of 10 remove mkdirp && step remove
rm pnpm-lock.yaml && pnpm_of 10 install --no-frozen-lockfile && step regenerate
