// Cache invalidation messages: what other sessions must forget. Sixteen bytes each, the first of them says which kind
// (storage/sinval.h; standbydesc.c, standby_desc_invalidations).

const MESSAGE_SIZE = 16
const DB_AT = 4
const OBJECT_AT = 8

/** "; inval msgs: catcache 21 relcache 2609", or nothing when there are no messages. */
export function invalidationsText(
  view: DataView,
  at: number,
  count: number,
  initFile: { inval: boolean; dbId: number; tsId: number },
): string {
  if (count <= 0) return ''
  const { inval, dbId, tsId } = initFile
  let text = inval ? `; relcache init file inval dbid ${dbId} tsid ${tsId}` : ''
  text += '; inval msgs:'
  for (let i = 0; i < count; i++) text += ` ${messageText(view, at + i * MESSAGE_SIZE)}`
  return text
}

function messageText(view: DataView, at: number): string {
  const id = view.getInt8(at)
  const object = view.getUint32(at + OBJECT_AT, true)
  if (id >= 0) return `catcache ${id}`
  switch (id) {
    case -1:
      return `catalog ${object}`
    case -2:
      return `relcache ${object}`
    case -3:
      return 'smgr'
    case -4:
      return `relmap db ${view.getUint32(at + DB_AT, true)}`
    case -5:
      return `snapshot ${object}`
    case -6:
      return `relsync ${object}`
    default:
      return `unrecognized id ${id}`
  }
}
