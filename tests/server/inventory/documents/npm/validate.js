// Prints, for each file named, what the schemas of the npm library find wrong in the document of CycloneDX: null for nothing.
const { readFileSync } = require("node:fs");
const { Spec, Validation } = require("@cyclonedx/cyclonedx-library");

const versions = { "1.7": Spec.Version.v1dot7, "1.6": Spec.Version.v1dot6, "1.5": Spec.Version.v1dot5 };

async function main() {
  const found = {};
  for (const file of process.argv.slice(2)) {
    const text = readFileSync(file, "utf8");
    found[file] = await new Validation.JsonStrictValidator(versions[JSON.parse(text).specVersion]).validate(text);
  }
  console.log(JSON.stringify(found));
}

main();
