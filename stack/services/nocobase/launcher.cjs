/**
 * Starts NocoBase from an instance folder in one process: `node launcher.cjs <start|install|upgrade|…>`.
 * NocoBase's own wrapper starts a shell and a second process, which would get the signals instead of the server.
 * Copied into the instance folder, because Node must resolve packages from there (`--preserve-symlinks`).
 */
const { generateAppDir, initEnv } = require('@nocobase/cli-v1/src/util');
const { syncPluginSymlinks } = require('@nocobase/utils/plugin-symlink');

initEnv();
generateAppDir();
syncPluginSymlinks()
  .then(() => require(`${process.env.APP_PACKAGE_ROOT}/lib/index.js`))
  .catch((error) => {
    console.error(error);
    process.exit(1);
  });
