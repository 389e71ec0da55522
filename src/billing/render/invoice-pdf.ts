import PDFDocument from 'pdfkit'
import type { DocumentRow, InvoiceDocument, Party } from './invoice-document.ts'
import { latinText } from './latin-text.ts'

/**
 * An invoice as a PDF on A4: the same invoice always gives the same bytes.
 *
 * Letters are those of Helvetica, which every viewer has; what it cannot show becomes the nearest letter. With `font`, a
 * TrueType file, all that it holds can be shown.
 */
export function invoicePdf(document: InvoiceDocument, look: PdfLook): Promise<Buffer> {
  return new InvoicePage(document, look).finish()
}

export interface PdfLook {
  /** The date the file carries. */
  readonly dateMs: number
  /** PNG or JPEG. */
  readonly logo: Buffer | null
  /** TrueType. */
  readonly font: Buffer | null
}

const PAGE = { width: 595.28, height: 841.89, left: 56, right: 539, top: 56, bottom: 770 } as const
const WIDTH = PAGE.right - PAGE.left
const INK = '#1a2332'
const SOFT = '#5b6878'
const LINE = '#dfe4ea'
const TONES = {
  good: ['#e3f4e8', '#1c6b39'],
  bad: ['#fdeaea', '#a32020'],
  plain: ['#eef1f5', SOFT],
} as const
/** Right edges of the columns of numbers. */
const COLUMNS = { quantity: 380, price: 452, amount: PAGE.right } as const
const WHAT = { x: PAGE.left + 22, width: 228, widthMin: 80 } as const
/** Between two columns, at least. */
const GAP = 8

class InvoicePage {
  readonly #document: InvoiceDocument
  readonly #look: PdfLook
  readonly #pdf: PDFKit.PDFDocument
  readonly #bytes: Promise<Buffer>
  #y: number = PAGE.top

  constructor(document: InvoiceDocument, look: PdfLook) {
    const date = new Date(look.dateMs)
    const title = this.#shown(`${document.title} ${document.number}`, look)
    const author = this.#shown(document.issuer?.name ?? 'gatez', look)
    this.#document = document
    this.#look = look
    const made = { Creator: 'gatez', Producer: 'gatez', CreationDate: date, ModDate: date }
    const info = { Title: title, Author: author, ...made }
    this.#pdf = new PDFDocument({ size: 'A4', margin: 0, bufferPages: true, info })
    if (look.font !== null) {
      this.#pdf.registerFont('Plain', look.font)
      this.#pdf.registerFont('Bold', look.font)
    }
    const chunks: Buffer[] = []
    this.#bytes = new Promise((resolve, reject) => {
      this.#pdf.on('data', (chunk: Buffer) => chunks.push(chunk))
      this.#pdf.on('end', () => resolve(Buffer.concat(chunks)))
      this.#pdf.on('error', reject)
    })
  }

  finish(): Promise<Buffer> {
    this.#head()
    this.#meta()
    this.#columns()
    for (const row of this.#document.rows) this.#row(row)
    this.#sums()
    const { credits, payment, rules, evidence } = this.#document
    this.#section('Credit notes', credits, 9)
    this.#section('Payment', payment, 9)
    const counted = rules.map(({ name, text }) => `${name}: ${text}`)
    if (rules.length > 0) this.#section('What was counted', [...counted, evidence], 7.5)
    this.#footers()
    this.#pdf.end()
    return this.#bytes
  }

  #head(): void {
    const { issuer, title, number, badge } = this.#document
    const { logo } = this.#look
    if (logo !== null) {
      this.#pdf.image(logo, PAGE.left, this.#y, { fit: [180, 44] })
      this.#y += 54
    }
    this.#right(title, PAGE.right, PAGE.top - 4, { size: 22, bold: true })
    this.#right(number, PAGE.right, PAGE.top + 24, { size: 11, color: SOFT })
    if (badge !== null) this.#badge(badge, PAGE.top + 44)
    if (issuer !== null) this.#party(issuer, PAGE.left, 250)
    this.#y = Math.max(this.#y, PAGE.top + 74)
  }

  #badge({ text, tone }: NonNullable<InvoiceDocument['badge']>, y: number): void {
    const [back, color] = TONES[tone]
    this.#style({ size: 9, bold: true, color })
    const width = this.#pdf.widthOfString(this.#text(text)) + 18
    this.#pdf.roundedRect(PAGE.right - width, y, width, 17, 8.5).fill(back)
    this.#right(text, PAGE.right - 9, y + 4.5, { size: 9, bold: true, color })
  }

  #meta(): void {
    this.#y += 22
    this.#rule(this.#y, LINE, 0.75)
    const top = this.#y + 14
    this.#y = top
    this.#label('Bill to', PAGE.left)
    this.#party(this.#document.customer, PAGE.left, 230)
    const bottom = this.#y
    this.#y = top
    const { facts } = this.#document
    for (const [index, [label, value]] of facts.entries()) {
      const bold = index === facts.length - 1
      this.#left(label, 330, this.#y, { size: 9, color: bold ? INK : SOFT, bold })
      this.#right(value, PAGE.right, this.#y, { size: 9, bold })
      this.#y += 14.5
    }
    this.#y = Math.max(this.#y, bottom) + 8
    this.#rule(this.#y, LINE, 0.75)
    this.#y += 26
  }

  #columns(): void {
    const style = { size: 7.5, bold: true, color: SOFT }
    this.#left('#', PAGE.left, this.#y, style)
    this.#left('DESCRIPTION', WHAT.x, this.#y, style)
    this.#right('QUANTITY', COLUMNS.quantity, this.#y, style)
    this.#right('PRICE', COLUMNS.price, this.#y, style)
    this.#right(`AMOUNT, ${this.#document.currency}`, COLUMNS.amount, this.#y, style)
    this.#y += 13
    this.#rule(this.#y, INK, 1.25)
    this.#y += 8
  }

  #row(row: DocumentRow): void {
    const width = this.#whatWidth(row.quantity)
    const heights = [
      this.#height(row.what, 10, true, width),
      row.note === '' ? 0 : this.#height(row.note, 8, false, width) + 1,
    ]
    const head = (heights[0] ?? 0) + (heights[1] ?? 0)
    this.#room(head + Math.min(row.steps.length, 3) * 13 + 12)
    this.#left(row.line, PAGE.left, this.#y + 0.5, { size: 9, color: SOFT })
    this.#block(row.what, width, { size: 10, bold: true })
    this.#numbers(row, { size: 10, bold: true, color: INK })
    this.#y += heights[0] ?? 0
    if (row.note !== '') {
      this.#block(row.note, width, { size: 8, color: SOFT })
      this.#y += heights[1] ?? 0
    }
    this.#y += 3
    for (const step of row.steps) {
      this.#room(13)
      this.#left(step.what, WHAT.x + 10, this.#y, { size: 8.5, color: SOFT })
      this.#numbers(step, { size: 8.5, color: SOFT })
      this.#y += 13
    }
    this.#y += 3
    this.#rule(this.#y, LINE, 0.5)
    this.#y += 8
  }

  #numbers(cells: { quantity: string; price: string; amount: string }, style: Style): void {
    this.#right(cells.quantity, COLUMNS.quantity, this.#y, { ...style, bold: false })
    // A price of many decimals is set smaller, so that it stays beside its quantity.
    this.#style({ ...style, bold: false })
    const wide = this.#pdf.widthOfString(this.#text(cells.price)) / (COLUMNS.price - COLUMNS.quantity - GAP)
    const size = wide > 1 ? style.size / wide : style.size
    this.#right(cells.price, COLUMNS.price, this.#y, { ...style, size, bold: false })
    this.#right(cells.amount, COLUMNS.amount, this.#y, style)
  }

  #sums(): void {
    const { sums } = this.#document
    this.#room(sums.length * 22 + 10, false)
    this.#y += 2
    for (const { label, amount, strong } of sums) {
      if (strong) {
        this.#y += 3
        this.#rule(this.#y, LINE, 0.75, 300)
        this.#y += 7
      }
      const style = strong ? { size: 13, bold: true } : { size: 9.5, color: SOFT }
      this.#left(label, 300, this.#y, style)
      this.#right(amount, PAGE.right, this.#y, style)
      this.#y += strong ? 20 : 15
    }
    this.#y += 20
  }

  #section(title: string, lines: readonly string[], size: number): void {
    if (lines.length === 0) return
    const heights = lines.map((line) => this.#height(line, size, false, WIDTH) + 1.5)
    this.#room(16 + heights.reduce((sum, height) => sum + height, 0), false)
    this.#label(title, PAGE.left)
    for (const [index, line] of lines.entries()) {
      this.#style({ size, color: SOFT })
      this.#pdf.text(this.#text(line), PAGE.left, this.#y, { width: WIDTH })
      this.#y += heights[index] ?? 0
    }
    this.#y += 14
  }

  #footers(): void {
    const { footer, number } = this.#document
    const { start, count } = this.#pdf.bufferedPageRange()
    for (let page = start; page < start + count; page += 1) {
      this.#pdf.switchToPage(page)
      this.#rule(796, LINE, 0.5)
      this.#style({ size: 7.5, color: SOFT })
      const options = { width: WIDTH - 90, height: 20, ellipsis: true }
      this.#pdf.text(this.#text(footer.join(' · ')), PAGE.left, 804, options)
      this.#right(`${number} · ${page + 1} of ${count}`, PAGE.right, 804, { size: 7.5, color: SOFT })
    }
  }

  #party({ name, lines }: Party, x: number, width: number): void {
    this.#style({ size: 10, bold: true, color: INK })
    this.#pdf.text(this.#text(name), x, this.#y, { width })
    this.#y = this.#pdf.y + 1.5
    for (const line of lines) {
      this.#style({ size: 9, color: SOFT })
      this.#pdf.text(this.#text(line), x, this.#y, { width })
      this.#y = this.#pdf.y + 1.5
    }
  }

  #label(text: string, x: number): void {
    this.#left(text.toUpperCase(), x, this.#y, { size: 7.5, bold: true, color: SOFT })
    this.#y += 14
  }

  #block(text: string, width: number, style: Style): void {
    this.#style(style)
    this.#pdf.text(this.#text(text), WHAT.x, this.#y, { width })
  }

  /** What a long quantity leaves of the place for words. */
  #whatWidth(quantity: string): number {
    this.#style({ size: 10 })
    const left = COLUMNS.quantity - this.#pdf.widthOfString(quantity) - GAP - WHAT.x
    return Math.max(Math.min(WHAT.width, left), WHAT.widthMin)
  }

  #left(text: string, x: number, y: number, style: Style): void {
    this.#style(style)
    this.#pdf.text(this.#text(text), x, y, { lineBreak: false })
  }

  #right(text: string, x: number, y: number, style: Style): void {
    if (text === '') return
    this.#style(style)
    const shown = this.#text(text)
    this.#pdf.text(shown, x - this.#pdf.widthOfString(shown), y, { lineBreak: false })
  }

  #rule(y: number, color: string, width: number, from: number = PAGE.left): void {
    this.#pdf.moveTo(from, y).lineTo(PAGE.right, y).lineWidth(width).strokeColor(color).stroke()
  }

  /** Begins another page when what comes next does not fit on this one. */
  #room(height: number, isTable = true): void {
    if (this.#y + height <= PAGE.bottom) return
    this.#pdf.addPage()
    this.#y = PAGE.top
    if (isTable) this.#columns()
  }

  #height(text: string, size: number, bold = false, width: number = WHAT.width): number {
    this.#style({ size, bold })
    return this.#pdf.heightOfString(this.#text(text), { width })
  }

  #style({ size, bold = false, color = INK }: Style): void {
    const [plain, strong] = this.#look.font === null ? ['Helvetica', 'Helvetica-Bold'] : ['Plain', 'Bold']
    this.#pdf.font(bold ? strong : plain, size).fillColor(color)
  }

  #text(text: string): string {
    return this.#shown(text, this.#look)
  }

  #shown(text: string, { font }: PdfLook): string {
    return font === null ? latinText(text) : text
  }
}

interface Style {
  readonly size: number
  readonly bold?: boolean
  readonly color?: string
}
