import { readFileSync } from 'node:fs'
import ts from 'typescript'

/** A piece of code that refuses, and what it is replaced by to take it away. */
export interface Guard {
  readonly file: string
  readonly line: number
  readonly name: string
  readonly start: number
  readonly end: number
  readonly without: string
}

/**
 * Finds the guards of a file.
 *
 * Three shapes of them: an entry of a list of guards (`{ name, code, holds }`), which then always holds; an `if` that
 * returns a refusal or nothing, which then never does; a conditional expression one branch of which refuses, of which the
 * other is taken. What only says that something was refused before (`isRefusal`) is none: it guards nothing itself.
 */
export function findGuards(file: string): Guard[] {
  const text = readFileSync(file, 'utf8')
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true)
  const found: Guard[] = []
  const add = (node: ts.Node, name: string, without: string) =>
    found.push({
      file,
      line: source.getLineAndCharacterOfPosition(node.getStart()).line + 1,
      name,
      start: node.getStart(),
      end: node.getEnd(),
      without,
    })

  const visit = (node: ts.Node): void => {
    if (ts.isObjectLiteralExpression(node)) visitEntry(node, add)
    else if (ts.isIfStatement(node) && refuses(node.thenStatement) && !passesOn(node.expression)) {
      add(node.expression, node.expression.getText(), 'false')
    } else if (ts.isConditionalExpression(node)) visitConditional(node, add)
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}

type Add = (node: ts.Node, name: string, without: string) => void

function visitEntry(node: ts.ObjectLiteralExpression, add: Add): void {
  const member = (name: string) =>
    node.properties.find((property) => ts.isPropertyAssignment(property) && property.name.getText() === name) as
      | ts.PropertyAssignment
      | undefined
  const holds = member('holds')
  const name = member('name')
  if (holds && name) add(holds.initializer, name.initializer.getText(), '() => true')
}

function visitConditional(node: ts.ConditionalExpression, add: Add): void {
  const [yes, no] = [node.whenTrue, node.whenFalse]
  if (isRefuseCall(yes) && !isRefuseCall(no)) add(node.condition, node.condition.getText(), 'false')
  else if (isRefuseCall(no) && !isRefuseCall(yes)) add(node.condition, node.condition.getText(), 'true')
}

/** A branch that does nothing but return a refusal, or undefined where undefined means that there is none to be had. */
function refuses(statement: ts.Statement): boolean {
  if (!ts.isReturnStatement(statement) || !statement.expression) return false
  const { expression } = statement
  return isRefuseCall(expression) || expression.getText() === 'undefined' || ts.isStringLiteral(expression)
}

function isRefuseCall(node: ts.Node): boolean {
  return ts.isCallExpression(node) && node.expression.getText() === 'refuse'
}

function passesOn(condition: ts.Expression): boolean {
  return /^(isRefusal\(|'refused' in |error instanceof )/.test(condition.getText())
}

/** The file's text without a guard. */
export function remove(text: string, { start, end, without }: Guard): string {
  return text.slice(0, start) + without + text.slice(end)
}
