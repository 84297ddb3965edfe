/** The release that runs: the version of the workspace, as `--version`, the status routes and the metrics tell it. */
export const RELEASE = '0.1.0';
