#!/usr/bin/env node
// The part of solc's command line that forge calls, over solc-js: npm brings the compiler as WebAssembly only, and forge runs
// nothing but an executable. CommonJS, because forge starts it by path and a compiler start should not pay for a loader.
'use strict'

const { readFileSync, writeSync } = require('node:fs')
const { resolve } = require('node:path')
const solc = require('solc')

const args = process.argv.slice(2)

if (args.includes('--version')) {
  // Forge reads the platform out of the version, and knows no Emscripten.
  const version = solc.version().replace('.Emscripten.clang', '.Linux.g++')
  writeAll(`solc, the solidity compiler commandline interface\nVersion: ${version}\n`)
} else if (args.includes('--standard-json')) {
  const base = args.includes('--base-path') ? args[args.indexOf('--base-path') + 1] : process.cwd()
  writeAll(solc.compile(readFileSync(0, 'utf8'), { import: (path) => readImport(base, path) }))
} else {
  process.stderr.write(`solc-cli: forge calls --version and --standard-json, not: ${args.join(' ')}\n`)
  process.exitCode = 1
}

function readImport(base, path) {
  try {
    return { contents: readFileSync(resolve(base, path), 'utf8') }
  } catch (error) {
    return { error: error.message }
  }
}

/** Writes to forge's pipe, which takes 64 KiB at a time and answers EAGAIN until it is read. */
function writeAll(text) {
  const bytes = Buffer.from(text)
  let written = 0
  while (written < bytes.length) {
    try {
      written += writeSync(1, bytes, written)
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error
    }
  }
}
