# A tool that has been locked since npm 6, from one format to the next.
put package.json <<'J'
{
  "name": "acme-tool",
  "version": "1.0.0",
  "dependencies": {
    "commander": "^2.19.0",
    "glob": "7.1.2",
    "strip-ansi": "5.0.0"
  },
  "devDependencies": {
    "mkdirp": "0.5.1"
  }
}
J
npm_of 6 install --package-lock-only && step initial-v1
npm_of 6 install --package-lock-only glob@7.1.6 && step upgrade-v1
npm_of 6 install --package-lock-only --save-dev cross-spawn@6.0.5 && step add-dev-dependency
npm_of 7 install --package-lock-only && step v1-to-v2
npm_of 7 install --package-lock-only mkdirp@0.5.5 commander@4.1.1 && step major-upgrade
npm_of 7 install --package-lock-only --lockfile-version 3 && step v2-to-v3
npm_of 11 install --package-lock-only "ansi-of-old@npm:strip-ansi@3.0.1" && step alias
json package.json 'd.optionalDependencies = {fsevents: "2.3.2"}'
npm_of 11 install --package-lock-only && step optional-platform
npm_of 11 install --package-lock-only @aws-cdk/cloud-assembly-schema@48.0.0 && step bundled
npm_of 11 install --package-lock-only @aws-cdk/cloud-assembly-schema@48.3.0 && step bundled-upgrade
npm_of 11 uninstall --package-lock-only cross-spawn && step remove
npm_of 11 install --package-lock-only glob@7.1.2 && step downgrade
rm package-lock.json && npm_of 11 install --package-lock-only && step regenerate
