import { extname } from 'node:path'
import type { Parsed } from './parsed.ts'

/** A mail address of one person or role, without a name beside it. */
export function parseMailAddress(text: string): Parsed<string> {
  if (MAIL_ADDRESS.test(text) && text.length <= 254) return { value: text }
  return { problem: `must be a mail address such as billing@example.com, is ${JSON.stringify(text)}` }
}

/** Name or address of a mail server. */
export function parseMailHost(text: string): Parsed<string> {
  if (/^[A-Za-z0-9](?:[A-Za-z0-9.:-]{0,252})$/.test(text)) return { value: text }
  return { problem: `must be the name of a mail server such as smtp.example.com, is ${JSON.stringify(text)}` }
}

/** A page of yours. */
export function parseWebsite(text: string): Parsed<string> {
  if (/^https?:\/\//.test(text) && URL.canParse(text)) return { value: text }
  return { problem: `must be a URL such as https://example.com, is ${JSON.stringify(text)}` }
}

/** A file of one of these kinds. */
export function parseFileName(endings: readonly string[]): (text: string) => Parsed<string> {
  return (text) => {
    if (endings.includes(extname(text).toLowerCase())) return { value: text }
    return { problem: `must be a file that ends in ${endings.join(' or ')}, is ${JSON.stringify(text)}` }
  }
}

/** A password of another system. What is wrong with it is said without showing it. */
export function parseSecretText(text: string): Parsed<string> {
  if (text.length > 0 && text.length <= 512) return { value: text }
  return { problem: 'must have 1 to 512 characters' }
}

const MAIL_ADDRESS = /^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/
