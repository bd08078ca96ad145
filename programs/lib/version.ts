/** The version of gimlet, as in CHANGELOG.md. */
export const VERSION = "0.1.0";
