import config from "./as-pect.config.js";

export default { ...config, coverage: ["assembly/**/*.ts"] };
