import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import ts from 'typescript'

/** The gateway as JavaScript; `main.js` in `dist` is the process. */
export interface Built {
  readonly dist: string
  remove(): void
}

/**
 * Turns src/ into JavaScript in a directory of its own, without checking types: what is started a thousand times is started
 * as an operator starts it, and the tree may change meanwhile.
 */
export function buildGateway(root = process.cwd()): Built {
  const home = mkdtempSync(join(tmpdir(), 'farebox-chaos-'))
  const dist = join(home, 'dist')
  cpSync(join(root, 'package.json'), join(home, 'package.json'))
  symlinkSync(resolve(root, 'node_modules'), join(home, 'node_modules'))
  const source = join(root, 'src')
  for (const name of readdirSync(source, { recursive: true, encoding: 'utf8' })) {
    const from = join(source, name)
    const to = join(dist, name)
    if (name.endsWith('.ts')) {
      mkdirSync(dirname(to), { recursive: true })
      const { outputText } = ts.transpileModule(readFileSync(from, 'utf8'), { compilerOptions: COMPILER })
      writeFileSync(to.replace(/\.ts$/, '.js'), outputText)
    } else if (name.includes('.')) {
      cpSync(from, to)
    }
  }
  return { dist, remove: () => rmSync(home, { recursive: true, force: true }) }
}

const COMPILER: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ESNext,
  verbatimModuleSyntax: true,
  rewriteRelativeImportExtensions: true,
}
