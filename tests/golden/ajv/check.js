// node check.js SCHEMA accepts|refuses FOLDER: every suite of the folder is accepted, or refused unless schema-blind.txt names it.
const fs = require('fs'), path = require('path');
const load = (name) => require(require.resolve(name, { paths: [process.cwd()] }));
const Ajv = load('ajv/dist/2020').default, yaml = load('js-yaml');
const [schema, wanted, folder] = process.argv.slice(2);
const ajv = new Ajv({ strict: true, strictTypes: false, strictRequired: false });
load('ajv-formats').default(ajv);
const validate = ajv.compile(JSON.parse(fs.readFileSync(schema, 'utf8')));
const blind = new Set(fs.readFileSync(path.join(__dirname, 'schema-blind.txt'), 'utf8').split('\n'));

function accepted(file) {
  try {
    return validate(yaml.load(fs.readFileSync(file, 'utf8'), { schema: yaml.CORE_SCHEMA }));
  } catch (unreadable) {
    return false;
  }
}

let wrong = 0;
for (const file of fs.readdirSync(folder).filter((name) => name.endsWith('.yaml'))) {
  const ok = accepted(path.join(folder, file));
  const expected = wanted === 'accepts' || blind.has(path.basename(file, '.yaml'));
  if (ok === expected) continue;
  wrong += 1;
  console.error(file, ok ? 'is accepted' : 'is refused: ' + JSON.stringify(validate.errors && validate.errors[0]));
}
process.exit(wrong === 0 ? 0 : 1);
