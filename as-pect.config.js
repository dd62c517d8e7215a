import { hostImports } from "./test/helpers/aspect-host.mjs";

// `asp test/core/wbxml/reader.spec.ts` runs the named files only; without names, all.
const isNamed = process.argv.slice(2).some((argument) => argument.endsWith(".spec.ts"));

export default {
  entries: isNamed ? [] : ["test/core/**/*.spec.ts"],
  include: ["node_modules/@as-pect/assembly/assembly/index.ts"],
  disclude: [/node_modules/],
  outputBinary: false,
  instantiate(memory, createImports, instantiate, binary) {
    const host = hostImports();
    const instance = instantiate(binary, createImports({ env: { memory }, host: host.imports }));
    return Promise.resolve(instance).then((module) => {
      host.bind(module.exports.memory);
      return module;
    });
  },
};
