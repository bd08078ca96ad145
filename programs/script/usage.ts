/** Questions about how a program uses its variables, answered by its tree. */

import {
  childrenOf,
  type Expression,
  type Statement,
  visitExpressions,
  visitStatements,
} from "./ast.ts";

/** Whether an expression names a variable. */
export function mentions(node: Expression, variable: string): boolean {
  if (node.kind === "variable") return node.name === variable;
  return childrenOf(node).some((child) => mentions(child, variable));
}

/** Whether the first statement that names a variable is one at the top that gives it a value: then it is never read before. */
export function assignsFirst(body: readonly Statement[], variable: string): boolean {
  for (const statement of body) {
    const target = statement.kind === "assign"
      ? statement.target
      : statement.kind === "let"
      ? statement.variable
      : undefined;
    const value = statement.kind === "assign" || statement.kind === "let"
      ? statement.value
      : undefined;
    if (target?.kind === "variable" && target.name === variable && value !== undefined) {
      return !mentions(value, variable);
    }
    let named = false;
    visitExpressions([statement], (node) => {
      named ||= node.kind === "variable" && node.name === variable;
    });
    if (named) return false;
  }
  return false;
}

/** Whether `++` or `--` stand inside of other expressions, where the order of reading and writing counts. */
export function stepsInside(body: readonly Statement[]): boolean {
  const alone = new Set<Expression>();
  const all: Expression[] = [];
  const collect = (statements: readonly Statement[]) => {
    visitExpressions(statements, (node) => {
      if (node.kind === "step") all.push(node);
    });
  };
  collect(body);
  if (all.length === 0) return false;
  visitStatements(body, (statement) => {
    if (statement.kind === "expression") alone.add(statement.expression);
  });
  return all.some((node) => !alone.has(node));
}
