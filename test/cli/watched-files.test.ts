import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { WatchedFiles } from '../../src/cli/watched-files.ts'
import { namedFiles } from '../../src/config/named-files.ts'
import { tempDir } from '../support/temp-dir.ts'

let folder: string
const path = (name: string) => join(folder, name)
const write = (name: string, text: string) => writeFileSync(path(name), text)
const watch = () => new WatchedFiles(path('gatez.yaml'), {})

beforeEach(() => {
  folder = tempDir()
  write('gatez.yaml', 'gateway: { tls: { cert: a.pem, key: a.key } }')
  write('a.pem', 'cert')
  write('a.key', 'key')
})

describe('the files a gatez.yaml names', () => {
  test('are those of the listener and of all apis, each once, wherever they are', () => {
    const text = `
gateway: { tls: { cert: "\${DIR}/a.pem", key: a.key } }
apis:
  - { id: one, tls: { ca: ca.pem, cert: a.pem, key: ../b.key }, openapi: ./one.yaml }
  - { id: two, openapi: /etc/two.yaml }
  - { id: three }
`
    write('gatez.yaml', text)
    const expected = ['a.pem', 'a.key', 'one.yaml', 'ca.pem', '../b.key'].map(path)
    expect(namedFiles(path('gatez.yaml'), { DIR: '.' })).toEqual([...expected, '/etc/two.yaml'])
  })

  test.each([
    { text: 'gateway: { tls: { cert: a.pem }, nonsense: 1 }', names: ['a.pem'], why: 'mistakes elsewhere' },
    { text: 'gateway: { tls: { cert: 5, key: "" } }', names: [], why: 'what is no name' },
    { text: 'apis: { openapi: a }', names: [], why: 'apis that are no list' },
    { text: 'a: [', names: [], why: 'no YAML' },
    { text: '', names: [], why: 'nothing' },
  ])('are found in a file with $why', ({ text, names }) => {
    write('gatez.yaml', text)
    expect(namedFiles(path('gatez.yaml'), {})).toEqual(names.map(path))
  })

  test('are none when there is no file', () => {
    expect(namedFiles(path('none.yaml'), {})).toEqual([])
  })
})

describe('a change', () => {
  test('is told once, when nothing changed any more between two looks', () => {
    const watched = watch()
    expect(watched.changed()).toBeUndefined()
    write('gatez.yaml', 'gateway: { tls: { cert: a.pem } }')
    expect(watched.changed()).toBeUndefined()
    write('gatez.yaml', 'gateway: { tls: { cert: a.pem, key: a.key } } # and more')
    expect(watched.changed()).toBeUndefined()
    expect(watched.changed()).toBe('file')
    expect(watched.changed()).toBeUndefined()
  })

  test('of a file that is named is told as such, and both at once as one of the file', () => {
    const watched = watch()
    write('a.pem', 'another certificate')
    expect([watched.changed(), watched.changed()]).toEqual([undefined, 'named'])
    write('a.key', 'another key')
    write('gatez.yaml', 'gateway: { tls: { cert: a.pem, key: a.key } } # changed')
    expect([watched.changed(), watched.changed()]).toEqual([undefined, 'file'])
  })

  test('of a certificate and its key, one look apart, is one change', () => {
    const watched = watch()
    write('a.pem', 'another certificate')
    expect(watched.changed()).toBeUndefined()
    write('a.key', 'another key')
    expect([watched.changed(), watched.changed(), watched.changed()]).toEqual([undefined, 'named', undefined])
  })

  test('before the first look counts', () => {
    const watched = watch()
    write('a.key', 'another key')
    expect([watched.changed(), watched.changed()]).toEqual([undefined, 'named'])
  })

  test('waits until files that are gone are there again', () => {
    const watched = watch()
    rmSync(path('a.pem'))
    expect([watched.changed(), watched.changed(), watched.changed()]).toEqual(Array(3).fill(undefined))
    write('next.pem', 'another certificate')
    renameSync(path('next.pem'), path('a.pem'))
    expect([watched.changed(), watched.changed()]).toEqual([undefined, 'named'])
    rmSync(path('gatez.yaml'))
    expect([watched.changed(), watched.changed()]).toEqual([undefined, undefined])
  })

  test('of gatez.yaml is told also when it names what is not there, and once more when that is', () => {
    const watched = watch()
    write('gatez.yaml', 'gateway: { tls: { cert: b.pem, key: b.key } }')
    expect([watched.changed(), watched.changed()]).toEqual([undefined, 'file'])
    write('b.pem', 'certificate')
    expect([watched.changed(), watched.changed()]).toEqual([undefined, undefined])
    write('b.key', 'key')
    expect([watched.changed(), watched.changed()]).toEqual([undefined, 'named'])
  })

  test('is seen behind links, as secrets are mounted', () => {
    for (const version of ['one', 'two']) {
      mkdirSync(path(version))
      write(`${version}/tls.pem`, 'certificate')
    }
    symlinkSync('one', path('current'))
    write('gatez.yaml', 'gateway: { tls: { cert: current/tls.pem, key: a.key } }')
    const watched = watch()
    symlinkSync('two', path('next'))
    renameSync(path('next'), path('current'))
    expect([watched.changed(), watched.changed()]).toEqual([undefined, 'named'])
  })

  test('of a file that is named from now on counts, and of one that no longer is does not', () => {
    const watched = watch()
    write('b.pem', 'certificate')
    write('gatez.yaml', 'gateway: { tls: { cert: b.pem, key: a.key } }')
    expect([watched.changed(), watched.changed()]).toEqual([undefined, 'file'])
    write('a.pem', 'nobody reads this')
    expect([watched.changed(), watched.changed()]).toEqual([undefined, undefined])
    write('b.pem', 'another certificate')
    expect([watched.changed(), watched.changed()]).toEqual([undefined, 'named'])
  })

  test('that was taken up otherwise is known', () => {
    const watched = watch()
    write('a.pem', 'another certificate')
    watched.markSeen()
    expect([watched.changed(), watched.changed()]).toEqual([undefined, undefined])
  })

  test('where there was no file is that there is one', () => {
    rmSync(path('gatez.yaml'))
    const watched = watch()
    expect([watched.changed(), watched.changed()]).toEqual([undefined, undefined])
    write('gatez.yaml', 'version: 1')
    expect([watched.changed(), watched.changed()]).toEqual([undefined, 'file'])
  })
})
