// usage: node validate.js SCHEMA.json [DATA.json …]
// Compiles the schema strictly as JSON Schema 2020-12 and validates each file against it. Exit 0: all is valid; 1: it is not.
const fs = require("fs");
const Ajv2020 = require("ajv/dist/2020");
const addFormats = require("ajv-formats");

const [schemaFile, ...dataFiles] = process.argv.slice(2);
const read = (file) => JSON.parse(fs.readFileSync(file, "utf8"));

const ajv = new Ajv2020({ allErrors: true, strict: true, strictTypes: false, strictRequired: false });
addFormats(ajv);
const validate = ajv.compile(read(schemaFile));
let failed = false;
for (const file of dataFiles) {
  if (validate(read(file))) continue;
  failed = true;
  for (const error of validate.errors.slice(0, 20)) console.error(`${file}${error.instancePath}: ${error.message} ${JSON.stringify(error.params)}`);
}
process.exit(failed ? 1 : 0);
