/** A text in the letters that Helvetica has in every PDF viewer: others become their base letter, or `?`. */
export function latinText(text: string): string {
  return [...text].map((char) => (isShown(char) ? char : (base(char) ?? '?'))).join('')
}

function base(char: string): string | undefined {
  const stripped = char.normalize('NFKD').replaceAll(/\p{M}/gu, '')
  return stripped !== '' && [...stripped].every(isShown) ? stripped : SIMILAR[char]
}

/** Windows-1252, which the standard fonts of PDF are written in. */
function isShown(char: string): boolean {
  const code = char.codePointAt(0) ?? 0
  return (code >= 0x20 && code <= 0x7e) || (code >= 0xa0 && code <= 0xff) || EXTRA.includes(char)
}

const EXTRA = '€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ'

const SIMILAR: Readonly<Record<string, string>> = {
  Ł: 'L',
  ł: 'l',
  Đ: 'D',
  đ: 'd',
  ı: 'i',
  '−': '-',
  '→': '->',
}
