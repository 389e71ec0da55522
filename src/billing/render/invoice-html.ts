import type { DocumentRow, DocumentStep, InvoiceDocument, Party } from './invoice-document.ts'

/**
 * An invoice as one HTML page that needs nothing else: it can be mailed, printed and kept.
 *
 * `logo` is a data URL. What tenants wrote cannot become markup, and the page runs no script.
 */
export function invoiceHtml(document: InvoiceDocument, logo: string | null): string {
  const { title, number, badge, issuer, customer, facts, rows, sums, payment, rules, credits } = document
  const head = issuer === null ? '' : party(issuer)
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>${htmlText(`${title} ${number}`)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<header>
<div>${logo === null ? '' : `<img class="logo" src="${htmlText(logo)}" alt="${htmlText(issuer?.name ?? '')}">`}${head}</div>
<div class="title"><h1>${htmlText(title)}</h1><p class="number">${htmlText(number)}</p>${badge === null ? '' : `<p class="badge ${badge.tone}">${htmlText(badge.text)}</p>`}</div>
</header>
<section class="meta">
<div><h2>Bill to</h2>${party(customer)}</div>
<dl>${facts.map(([label, value]) => `<div><dt>${htmlText(label)}</dt><dd>${htmlText(value)}</dd></div>`).join('')}</dl>
</section>
<table>
<thead><tr><th>#</th><th>Description</th><th class="n">Quantity</th><th class="n">Price</th><th class="n">Amount, ${htmlText(document.currency)}</th></tr></thead>
${rows.map(rowHtml).join('\n')}
</table>
<table class="sums">
${sums.map(({ label, amount, strong }) => `<tr${strong ? ' class="strong"' : ''}><td>${htmlText(label)}</td><td class="n">${htmlText(amount)}</td></tr>`).join('\n')}
</table>
${lines('Credit notes', credits)}
${lines('Payment', payment)}
${rules.length === 0 ? '' : `<section class="small"><h2>What was counted</h2>${rules.map(({ name, text }) => `<p><b>${htmlText(name)}</b> ${htmlText(text)}</p>`).join('')}<p>${htmlText(document.evidence)}</p></section>`}
${document.footer.length === 0 ? '' : `<footer>${document.footer.map(htmlText).join(' · ')}</footer>`}
</main>
</body>
</html>
`
}

/** A text as HTML shows it, with nothing in it that HTML would read. */
function htmlText(text: string): string {
  return text.replaceAll(/[&<>"']/g, (char) => ENTITIES[char] ?? char)
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function party({ name, lines: all }: Party): string {
  return `<p class="party"><b>${htmlText(name)}</b>${all.map((line) => `<br>${htmlText(line)}`).join('')}</p>`
}

function lines(title: string, all: readonly string[]): string {
  if (all.length === 0) return ''
  return `<section><h2>${htmlText(title)}</h2><p>${all.map(htmlText).join('<br>')}</p></section>`
}

function rowHtml(row: DocumentRow): string {
  const note = row.note === '' ? '' : `<span class="note">${htmlText(row.note)}</span>`
  return `<tbody><tr class="line"><td>${htmlText(row.line)}</td><td>${htmlText(row.what)}${note}</td>${cells(row)}</tr>
${row.steps.map((step) => `<tr class="step"><td></td><td>${htmlText(step.what)}</td>${cells(step)}</tr>`).join('\n')}</tbody>`
}

function cells({ quantity, price, amount }: Pick<DocumentStep, 'quantity' | 'price' | 'amount'>): string {
  return [quantity, price, amount].map((cell) => `<td class="n">${htmlText(cell)}</td>`).join('')
}

const STYLE = `
:root{--ink:#1a2332;--soft:#5b6878;--line:#dfe4ea;--tint:#f5f7fa;--accent:#1f5fbf}
*{box-sizing:border-box}
body{margin:0;background:var(--tint);color:var(--ink);font:14px/1.5 system-ui,"Segoe UI",Roboto,Helvetica,Arial,sans-serif;-webkit-print-color-adjust:exact;print-color-adjust:exact}
main{max-width:820px;margin:32px auto;background:#fff;padding:56px 64px 40px;border-radius:8px;box-shadow:0 1px 3px rgba(26,35,50,.12)}
header,.meta{display:flex;justify-content:space-between;gap:32px}
h1{margin:0;font-size:28px;font-weight:600;letter-spacing:-.01em}
h2{margin:0 0 6px;font-size:11px;font-weight:600;letter-spacing:.08em;text-transform:uppercase;color:var(--soft)}
p{margin:0}.party{color:var(--soft)}.party b{color:var(--ink);font-weight:600}
.logo{max-height:56px;max-width:220px;display:block;margin-bottom:12px}
.title{text-align:right}.number{font-size:15px;color:var(--soft);font-variant-numeric:tabular-nums}
.badge{display:inline-block;margin-top:10px;padding:2px 10px;border-radius:99px;font-size:12px;font-weight:600;background:#eef1f5;color:var(--soft)}
.badge.good{background:#e3f4e8;color:#1c6b39}.badge.bad{background:#fdeaea;color:#a32020}
.meta{margin:40px 0 32px;padding:20px 0;border-top:1px solid var(--line);border-bottom:1px solid var(--line)}
dl{margin:0;min-width:280px}dl div{display:flex;justify-content:space-between;gap:24px}
dt{color:var(--soft)}dd{margin:0;font-variant-numeric:tabular-nums}dl div:last-child dd,dl div:last-child dt{font-weight:600;color:var(--ink)}
table{width:100%;border-collapse:collapse;font-variant-numeric:tabular-nums}
th{text-align:left;font-size:11px;font-weight:600;letter-spacing:.06em;text-transform:uppercase;color:var(--soft);padding:0 8px 8px;border-bottom:2px solid var(--ink)}
td{padding:10px 8px 2px;vertical-align:top}th:first-child,td:first-child{padding-left:0;width:28px;color:var(--soft)}
th:last-child,td:last-child{padding-right:0}.n{text-align:right;white-space:nowrap}
tbody{border-bottom:1px solid var(--line)}tbody tr:last-child td{padding-bottom:10px}
.line td:nth-child(2){font-weight:600}.line td:last-child{font-weight:600}
.note{display:block;font-weight:400;font-size:12px;color:var(--soft)}
.step td{padding-top:2px;font-size:12.5px;color:var(--soft)}.step td:nth-child(2){padding-left:20px}
.sums tbody{border:0}.sums{width:auto;min-width:340px;margin:16px 0 32px auto}.sums td{padding:3px 0 3px 24px;color:var(--soft)}.sums td:first-child{width:auto;padding-left:0}
.sums .strong td{font-size:17px;font-weight:600;color:var(--ink);border-top:1px solid var(--line);padding-top:8px}
section{margin-bottom:24px;break-inside:avoid}.small{font-size:12px;color:var(--soft)}.small b{color:var(--ink);font-weight:600}
footer{margin-top:32px;padding-top:16px;border-top:1px solid var(--line);font-size:12px;color:var(--soft);text-align:center}
@media print{body{background:#fff}main{margin:0;padding:0;max-width:none;box-shadow:none}tbody{break-inside:avoid}@page{size:A4;margin:18mm}}
@media (max-width:640px){main{margin:0;padding:24px 20px;border-radius:0}header,.meta{flex-direction:column}.title{text-align:left}dl{min-width:0}.sums{min-width:0;width:100%}}
`.replaceAll('\n', '')
