// Conditions as small JSON trees, evaluated exactly as onehall.kernel.expressions does.
// tests/kernel/expression_vectors.json holds both to the same answers.
// evaluate(tree, values) -> boolean; throws ExpressionMistake for a tree that is not a condition.

const MAX_DEPTH = 12;
const DATE = /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/;

export class ExpressionMistake extends Error {}

export function evaluate(tree, values) {
  return holds(tree, values, 1);
}

function holds(tree, values, depth) {
  if (!isObject(tree) || Object.keys(tree).length !== 1 || depth > MAX_DEPTH) throw mistake();
  const [operator, operand] = Object.entries(tree)[0];
  if (operator === "not") return !holds(operand, values, depth + 1);
  if (operator === "exists" && typeof operand === "string") return valueOf(values, operand) !== null;
  if (Array.isArray(operand)) {
    if (operator === "all") return operand.every((part) => holds(part, values, depth + 1));
    if (operator === "any") return operand.some((part) => holds(part, values, depth + 1));
    if (Object.hasOwn(TESTS, operator) && operand.length === 2 && typeof operand[0] === "string") {
      const found = valueOf(values, operand[0]);
      return found !== null && TESTS[operator](found, operand[1]);
    }
  }
  throw mistake();
}

const TESTS = {
  eq: same,
  ne: (found, wanted) => comparable(found, wanted) && found !== wanted,
  gt: (found, wanted) => ordered(found, wanted) && found > wanted,
  lt: (found, wanted) => ordered(found, wanted) && found < wanted,
  in: among,
};

// The value of a field, null for each way of being missing.
function valueOf(values, name) {
  const value = Object.hasOwn(values, name) ? values[name] : null;
  const missing = value === undefined || value === "" || (Array.isArray(value) && value.length === 0);
  return missing ? null : value;
}

function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isNumber(value) {
  return typeof value === "number" && Math.abs(value) <= Number.MAX_SAFE_INTEGER;
}

function comparable(found, wanted) {
  if (typeof found === "string" || typeof found === "boolean") return typeof found === typeof wanted;
  return isNumber(found) && isNumber(wanted);
}

function ordered(found, wanted) {
  if (typeof found === "string" && typeof wanted === "string") return DATE.test(found) && DATE.test(wanted);
  return isNumber(found) && isNumber(wanted);
}

function same(found, wanted) {
  return comparable(found, wanted) && found === wanted;
}

function among(found, wanted) {
  if (!Array.isArray(wanted)) throw mistake();
  const chosen = Array.isArray(found) ? found : [found];
  return chosen.some((item) => wanted.some((option) => same(item, option)));
}

function mistake() {
  return new ExpressionMistake("This is not a condition.");
}
