/**
 * Words of addresses that scanners misread: streets, states and large towns of Malaysia, where the sets of receipts come
 * from, and plain English ones. A word that is one misread letter away from one of these is taken for it.
 */
const WORDS =
  'JALAN LORONG PERSIARAN LEBUH LEBUHRAYA TAMAN BANDAR KAMPUNG KAWASAN PERINDUSTRIAN SEKSYEN TINGKAT BANGUNAN WISMA MENARA KOMPLEKS BUKIT SUNGAI PULAU PINANG TELUK PADANG BATANG SELANGOR DARUL EHSAN TAKZIM KHUSUS RIDZUAN JOHOR BAHRU BHARU KUALA LUMPUR TERENGGANU MELAKA PENANG PERAK KEDAH PAHANG SABAH SARAWAK KELANTAN PERLIS NEGERI SEMBILAN SEREMBAN PETALING PUCHONG SUBANG CHERAS AMPANG KLANG KAJANG RAWANG SEPANG GOMBAK SKUDAI PUTRAJAYA CYBERJAYA KEPONG BALAKONG KEMBANGAN SERDANG KUANTAN KUCHING TAIPING MALAYSIA WILAYAH PERSEKUTUAN LEVEL FLOOR GROUND LOWER UPPER BLOCK TOWER STREET AVENUE CENTRE PLAZA'.split(
    ' ',
  );
const KNOWN = new Set(WORDS);

/** Letters that look alike in the print of a till. */
const ALIKE = ['NMHW', 'IL1T!|J', 'O0DQCG', 'BE8RP', 'S5', 'VUY', 'A4', 'FPE', 'Z2'];

function isAlike(one: string, other: string): boolean {
  return one === other || ALIKE.some((set) => set.includes(one) && set.includes(other));
}

/** The word of an address that a misread one stands for; undefined when none, or more than one, is near. */
function nearest(word: string): string | undefined {
  const upper = word.toUpperCase();
  if (upper.length < 5 || KNOWN.has(upper)) return undefined;
  const near = WORDS.filter((known) => {
    if (known.length !== upper.length) return false;
    const wrong = [...known].filter((letter, at) => letter !== upper[at]);
    return wrong.length === 1 && [...known].every((letter, at) => isAlike(letter, upper[at] ?? ''));
  });
  return near.length === 1 ? near[0] : undefined;
}

function inCaseOf(word: string, known: string): string {
  if (word === word.toUpperCase()) return known;
  return known.charAt(0) + known.slice(1).toLowerCase();
}

/** Puts right what a recogniser makes of an address: figures within words, letters within capitals, known words. */
export function repairAddress(text: string): string {
  return (
    text
      .replace(/(?<![\p{L}\p{N}])[L1I][O0]T(?=\s+(?:P\.?T\.?\s*)?\w?\d)/gu, 'LOT')
      // The large town whose second word is too short for the list.
      .replace(/(?<=\bSHAH\s+)ALA[NHW]\b/giu, 'ALAM')
      .replace(/[\p{L}\d!|]+/gu, (word) => {
        const letters = word.replace(/[^\p{L}]/gu, '');
        const known = nearest(word);
        if (known !== undefined) return inCaseOf(word, known);
        if (letters.length < 3) return word;
        const capitals = letters.replace(/l/g, '') === letters.replace(/l/g, '').toUpperCase();
        // A figure between letters is a letter; one at an end may be the number of a street.
        return word
          .replace(/(?<=\p{L})[1!|](?=\p{L})/gu, capitals ? 'I' : 'l')
          .replace(/(?<=\p{L})0(?=\p{L})/gu, capitals ? 'O' : 'o')
          .replace(/(?<=\p{Lu})l(?=\p{Lu}|$)|(?<=\p{Lu}{3})[!|]$/gu, 'I');
      })
  );
}
