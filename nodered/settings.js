// Node-RED for this flow: settings by environment, context kept on disk. Used by the tests, the image and standalone installations.
const path = require("path");

module.exports = {
    uiHost: process.env.NODE_RED_HOST || "0.0.0.0",
    uiPort: Number(process.env.NODE_RED_PORT || 1880),
    // absolute: a relative name is looked up in the current directory before the user directory
    flowFile: process.env.NODE_RED_FLOWS || path.join(__dirname, "flows-hybrid.json"),
    flowFilePretty: true,
    credentialSecret: process.env.NODE_RED_CREDENTIAL_SECRET || false, // the credentials file holds names of environment variables only
    adminAuth: process.env.NODE_RED_PASSWORD_HASH
        ? { type: "credentials", users: [{ username: "admin", password: process.env.NODE_RED_PASSWORD_HASH, permissions: "*" }] }
        : undefined,
    // the lease, what people decided and the day's count of writes outlive a restart
    contextStorage: { default: { module: "memory" }, file: { module: "localfilesystem", config: { flushInterval: 5 } } },
    dashboard: { maxHttpBufferSize: 1e7 },
    functionTimeout: 5,
    functionExternalModules: false,
    externalModules: { autoInstall: false, palette: { allowInstall: false }, modules: { allowInstall: false } },
    telemetry: { enabled: false, updateNotification: false },
    editorTheme: { tours: false, projects: { enabled: false } },
    diagnostics: { enabled: true, ui: false },
    logging: { console: { level: process.env.NODE_RED_LOG || "info", metrics: false, audit: false } },
};
