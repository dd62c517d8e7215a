// Rows 1 to 20 of hostile Delivery Packages: encoding, envelope, wrapper and signature.
import { Err } from "../../../assembly/abi/codes.ts";
import * as suit from "../../helpers/suit.ts";
import {
  array,
  bstr,
  digest,
  head,
  hex,
  int,
  join,
  longHead,
  map,
  seal,
  tstr,
} from "../../helpers/suit.ts";
import {
  BAD_COMMAND,
  INCONSISTENT,
  JVM,
  SIGNATURE_OFFSET,
  UNTRUSTED_ALGORITHM,
  UNTRUSTED_CBOR,
  UNTRUSTED_SIGNATURE,
  broken,
  key,
  one,
  stranger,
  swap,
  two,
  withBlock,
  withEntries,
  withManifest,
  withSettings,
  withWrapper,
  type Case,
  DIGEST,
  SIZE,
  VERSION,
} from "./broken.ts";

export const ENVELOPE_CASES: Case[] = [
  [1, "map head in two bytes", () => seal(key, one(), { mapHead: hex("b8 03") }), UNTRUSTED_CBOR],
  [
    1,
    "tag in three bytes",
    () => swap(seal(key, one()), hex("d86b"), hex("d9006b")),
    UNTRUSTED_CBOR,
  ],
  [
    1,
    "key 2 in two bytes",
    () => swap(seal(key, one()), hex("a302"), hex("a31802")),
    UNTRUSTED_CBOR,
  ],
  [
    1,
    "wrapper length in three bytes",
    () => swap(seal(key, one()), hex("a302 58"), hex("a302 5900")),
    UNTRUSTED_CBOR,
  ],
  [1, "manifest length in five bytes", () => longManifestLength(), UNTRUSTED_CBOR],
  [
    1,
    "digest length in three bytes in the wrapper",
    () => withWrapper((signed, block) => array(join(longHead(2, 36, 2), signed), block)),
    UNTRUSTED_CBOR,
  ],
  [
    1,
    "algorithm in three bytes in the wrapper",
    () =>
      withWrapper((_, block) => {
        return array(bstr(join(hex("82 38 0f"), hex("5820"), new Uint8Array(32))), block);
      }),
    UNTRUSTED_CBOR,
  ],
  [
    1,
    "payload length in five bytes",
    () => withEntries(one(), [[tstr("#0"), join(longHead(2, JVM.length, 4), JVM)]]),
    UNTRUSTED_CBOR,
  ],
  [
    1,
    "payload key length in two bytes",
    () => withEntries(one(), [[join(hex("78 02"), Buffer.from("#0")), bstr(JVM)]]),
    UNTRUSTED_CBOR,
  ],
  [
    1,
    "sequence number in five bytes",
    () => broken((parts) => (parts.sequence = longHead(0, 1001, 4))),
    INCONSISTENT,
  ],
  [
    1,
    "version in two bytes",
    () => broken((parts) => (parts.version = hex("18 01"))),
    INCONSISTENT,
  ],
  [
    1,
    "image size in five bytes",
    () => withSettings(...DIGEST, int(14), longHead(0, JVM.length, 4), ...VERSION),
    INCONSISTENT,
  ],
  [
    1,
    "component segment length in two bytes",
    () => broken((parts) => (parts.componentIds = [hex("81 58 03 6a766d")])),
    INCONSISTENT,
  ],

  [
    2,
    "envelope of indefinite length",
    () => seal(key, one(), { mapHead: hex("bf") }),
    UNTRUSTED_CBOR,
  ],
  [
    2,
    "wrapper of indefinite length",
    () => swap(seal(key, one()), hex("a302 58"), hex("a302 5f")),
    UNTRUSTED_CBOR,
  ],
  [
    2,
    "array of indefinite length in the wrapper",
    () =>
      withWrapper((signed, block) => {
        return join(hex("9f"), bstr(signed), block, hex("ff"));
      }),
    UNTRUSTED_CBOR,
  ],
  [
    2,
    "payload of indefinite length",
    () => withEntries(one(), [[tstr("#0"), join(hex("5f"), bstr(JVM), hex("ff"))]]),
    UNTRUSTED_CBOR,
  ],
  [
    2,
    "payload key of indefinite length",
    () => withEntries(one(), [[hex("7f 62 2330 ff"), bstr(JVM)]]),
    UNTRUSTED_CBOR,
  ],
  [
    2,
    "manifest map of indefinite length",
    () => withManifest((manifest) => join(hex("bf"), manifest.subarray(1), hex("ff"))),
    INCONSISTENT,
  ],
  [
    2,
    "sequence of indefinite length",
    () =>
      broken((parts) => {
        parts.manifestExtra.push([20, bstr(join(hex("9f"), ...parts.install, hex("ff")))]);
      }),
    INCONSISTENT,
  ],
  [
    2,
    "URI of indefinite length",
    () => broken((parts) => (parts.install[3] = map(int(21), hex("7f 62 2330 ff")))),
    INCONSISTENT,
  ],

  ...["1c", "1d", "1e", "1f"].map((byte): Case => {
    return [
      3,
      `sequence number with head ${byte}`,
      () => broken((parts) => (parts.sequence = hex(byte))),
      INCONSISTENT,
    ];
  }),
  ...["5c", "5d", "5e"].map((byte): Case => {
    return [
      3,
      `wrapper with head ${byte}`,
      () => swap(seal(key, one()), hex("a302 58"), hex(`a302 ${byte}`)),
      UNTRUSTED_CBOR,
    ];
  }),
  [
    3,
    "sequence number of 8 bytes",
    () => broken((parts) => (parts.sequence = longHead(0, 1001, 8))),
    INCONSISTENT,
  ],
  [
    3,
    "image size of 8 bytes",
    () => withSettings(...DIGEST, int(14), hex("1b 00000001 00000016"), ...VERSION),
    INCONSISTENT,
  ],
  [
    3,
    "component list with a length of 8 bytes",
    () =>
      broken((parts) => {
        parts.commonExtra.push([2, join(longHead(4, 1, 8), suit.componentId("jvm"))]);
      }),
    INCONSISTENT,
  ],
  [
    3,
    "payload with a length of 8 bytes",
    () => withEntries(one(), [[tstr("#0"), join(longHead(2, JVM.length, 8), JVM)]]),
    UNTRUSTED_CBOR,
  ],
  [
    3,
    "envelope with a length of 8 bytes",
    () => seal(key, one(), { mapHead: longHead(5, 3, 8) }),
    UNTRUSTED_CBOR,
  ],

  [
    4,
    "key 7 twice",
    () =>
      withManifest((manifest) => {
        const install = bstr(array(...one().install));
        return swap(manifest, join(int(20), install), join(int(7), install));
      }),
    INCONSISTENT,
  ],
  [
    4,
    "install before validate",
    () =>
      withManifest(() => {
        const parts = one();
        const sections = [int(1), int(1), int(2), int(9), int(3), bstr(suit.commonOf(parts))];
        return map(
          ...sections,
          int(20),
          bstr(array(...parts.install)),
          int(7),
          bstr(array(...parts.validate)),
        );
      }),
    INCONSISTENT,
  ],
  [4, "parameters not ascending", () => withSettings(...SIZE, ...DIGEST, ...VERSION), INCONSISTENT],
  [
    4,
    "parameter twice in one map",
    () => withSettings(...DIGEST, ...SIZE, ...SIZE, ...VERSION),
    INCONSISTENT,
  ],
  [
    4,
    "common not ascending",
    () =>
      broken((parts) => {
        const [ids, shared] = [array(...parts.componentIds), bstr(array(...parts.shared))];
        parts.manifestExtra.push([3, bstr(map(int(4), shared, int(2), ids))]);
      }),
    INCONSISTENT,
  ],
  [
    4,
    "text twice",
    () => {
      const parts = one();
      parts.text = suit.textOf([], "about");
      const entry: [Uint8Array, Uint8Array] = [int(23), bstr(parts.text)];
      return withEntries(parts, [entry, entry]);
    },
    UNTRUSTED_CBOR,
  ],
  [
    4,
    "text twice, both counted",
    () => {
      const parts = two();
      parts.text = suit.textOf([], "about");
      parts.install.splice(11, 1, map(int(21), tstr("scanner.bin")));
      const entry: [Uint8Array, Uint8Array] = [int(23), bstr(parts.text)];
      return withEntries(parts, [entry, entry, ...parts.payloads.slice(0, 1)]);
    },
    UNTRUSTED_CBOR,
  ],

  [
    5,
    "wrapper array of 2^32 - 1",
    () =>
      withWrapper((signed, block) => {
        return join(head(4, 0xffff_ffff), bstr(signed), block);
      }),
    UNTRUSTED_CBOR,
  ],
  [
    5,
    "manifest map of 2^31",
    () =>
      withManifest((manifest) => {
        return join(head(5, 0x8000_0000), manifest.subarray(1));
      }),
    INCONSISTENT,
  ],
  [
    5,
    "manifest map of 2^32 - 1",
    () =>
      withManifest((manifest) => {
        return join(head(5, 0xffff_ffff), manifest.subarray(1));
      }),
    INCONSISTENT,
  ],
  [
    5,
    "sequence of 2^32 - 2 items",
    () =>
      broken((parts) => {
        parts.manifestExtra.push([20, bstr(join(head(4, 0xffff_fffe), ...parts.install))]);
      }),
    INCONSISTENT,
  ],
  [
    5,
    "parameter map of 2^32 - 1",
    () =>
      broken((parts) => {
        parts.shared.splice(-1, 1, join(head(5, 0xffff_ffff), ...DIGEST, ...SIZE, ...VERSION));
      }),
    INCONSISTENT,
  ],
  [
    5,
    "version of 2^32 - 1 numbers",
    () => {
      const version = bstr(join(hex("82 03"), head(4, 0xffff_ffff), hex("08 02 00")));
      return withSettings(...DIGEST, ...SIZE, int(28), version);
    },
    INCONSISTENT,
  ],
  [
    5,
    "index array of 2^32 - 1",
    () =>
      broken((parts) => {
        parts.validate.splice(0, 2, int(12), join(head(4, 0xffff_ffff), int(0)));
      }),
    INCONSISTENT,
  ],

  ...[0x40, 0xffff, 0x7fff_ffff, 0xffff_fff0, 0xffff_ffff].map((length): Case => {
    const make = (): Uint8Array =>
      broken((parts) => parts.manifestExtra.push([20, head(2, length)]));
    return [6, `install of ${length} bytes in a shorter manifest`, make, INCONSISTENT];
  }),
  ...[1, 0xffff_ffff].map((extra): Case => {
    const make = (): Uint8Array => withSettings(int(3), join(head(2, 36 + extra), digest(JVM)));
    return [6, `digest ${extra} longer than its byte string`, make, INCONSISTENT];
  }),
  [
    6,
    "URI longer than its sequence",
    () =>
      broken((parts) => {
        parts.install.splice(3, 5, map(int(21), join(head(3, 100), Buffer.from("#0"))));
      }),
    INCONSISTENT,
  ],
  [
    6,
    "inner length beyond the enclosing string, within the manifest",
    () =>
      broken((parts) => {
        parts.shared.splice(
          -1,
          1,
          map(...DIGEST, ...SIZE, int(28), join(head(2, 5), hex("82 03 83 08 02 00"))),
        );
      }),
    INCONSISTENT,
  ],
  [
    6,
    "block longer than the wrapper",
    () =>
      withWrapper((signed, block) => {
        return array(bstr(signed), join(head(2, 0xffff_ffff), block.subarray(2)));
      }),
    UNTRUSTED_CBOR,
  ],
  [
    6,
    "wrapper of 2^32 - 1 bytes",
    () => swap(seal(key, one()), hex("a302 58"), hex("a302 5affffffff 58")),
    UNTRUSTED_CBOR,
  ],
  [6, "manifest of 2^32 - 1 bytes", () => longManifest(0xffff_ffff), UNTRUSTED_CBOR],

  [
    7,
    "nested arrays as reporting policy",
    () =>
      broken((parts) => {
        parts.validate.splice(3, 1, hex(`${"81".repeat(1000)}00`));
      }),
    INCONSISTENT,
  ],
  [
    7,
    "nested arrays as component identifier",
    () =>
      broken((parts) => {
        parts.componentIds = [hex(`${"81".repeat(1000)}40`)];
      }),
    INCONSISTENT,
  ],
  [
    7,
    "nested maps as value of an unknown key",
    () =>
      broken((parts) => {
        parts.manifestExtra.push([24, hex(`${"a101".repeat(1000)}00`)]);
      }),
    BAD_COMMAND,
  ],
  [
    7,
    "nested tags in place of the manifest",
    () => withManifest(() => hex("c1".repeat(2000))),
    INCONSISTENT,
  ],

  [8, "byte behind the envelope", () => join(seal(key, one()), hex("00")), UNTRUSTED_CBOR],
  [
    8,
    "byte at the end of the wrapper",
    () =>
      withWrapper((signed, block) => {
        return join(array(bstr(signed), block), hex("00"));
      }),
    UNTRUSTED_CBOR,
  ],
  [
    8,
    "byte behind the digest in its byte string",
    () =>
      withWrapper((signed, block) => {
        return array(bstr(join(signed, hex("00"))), block);
      }),
    UNTRUSTED_CBOR,
  ],
  [
    8,
    "byte at the end of the manifest",
    () => withManifest((manifest) => join(manifest, hex("00"))),
    INCONSISTENT,
  ],
  ...[1, 3].map(
    (count): Case => [
      8,
      `common that counts ${count} sections and has 2`,
      () =>
        broken((parts) => {
          const common = suit.commonOf(parts).subarray(1);
          parts.manifestExtra.push([3, bstr(join(head(5, count), common))]);
        }),
      INCONSISTENT,
    ],
  ),
  [
    8,
    "byte at the end of common",
    () =>
      broken((parts) => {
        parts.manifestExtra.push([3, bstr(join(suit.commonOf(parts), hex("00")))]);
      }),
    INCONSISTENT,
  ],
  ...(
    [
      ["shared", 4],
      ["install", 20],
      ["validate", 7],
    ] as const
  ).map(([name, section]): Case => {
    const make = (): Uint8Array =>
      broken((parts) => {
        const extra = name === "shared" ? parts.commonExtra : parts.manifestExtra;
        extra.push([section, bstr(join(array(...parts[name]), hex("00")))]);
      });
    return [8, `byte at the end of ${name}`, make, INCONSISTENT];
  }),
  [
    8,
    "byte at the end of a version",
    () => withSettings(...DIGEST, ...SIZE, int(28), bstr(hex("82 03 83 08 02 00 00"))),
    INCONSISTENT,
  ],
  [
    8,
    "byte at the end of an image digest",
    () => withSettings(int(3), bstr(join(digest(JVM), hex("00"))), ...SIZE, ...VERSION),
    INCONSISTENT,
  ],

  [9, "no tag", () => seal(key, one()).subarray(2), UNTRUSTED_CBOR],
  [9, "tag 108", () => swap(seal(key, one()), hex("d86b"), hex("d86c")), UNTRUSTED_CBOR],
  [9, "tag 107 twice", () => join(hex("d86b"), seal(key, one())), UNTRUSTED_CBOR],
  [
    9,
    "tag 1070 around the manifest",
    () => withManifest((manifest) => join(hex("d9042e"), manifest)),
    INCONSISTENT,
  ],
  [
    9,
    "tag in the manifest",
    () => broken((parts) => (parts.sequence = suit.tag(1, int(1001)))),
    INCONSISTENT,
  ],
  [
    9,
    "vendor as private enterprise number",
    () =>
      broken((parts) => {
        parts.shared[3] = map(int(1), suit.tag(112, bstr(hex("01"))), int(2), bstr(suit.CLASS));
      }),
    INCONSISTENT,
  ],
  ...["f93c00", "fa3f800000", "fb3ff0000000000000", "f6", "f7", "f5", "e0", "f820"].map(
    (bytes): Case => {
      return [
        9,
        `${bytes} as sequence number`,
        () => broken((parts) => (parts.sequence = hex(bytes))),
        INCONSISTENT,
      ];
    },
  ),
  ...["f4", "f6", "f7", "e0", "f815", "f90015"].map((bytes): Case => {
    return [
      9,
      `${bytes} as component index`,
      () => broken((parts) => (parts.validate[1] = hex(bytes))),
      INCONSISTENT,
    ];
  }),

  [
    10,
    "manifest before authentication",
    () => swap(seal(key, one()), hex("a302"), hex("a303")),
    UNTRUSTED_CBOR,
  ],
  [
    10,
    "key 2 twice",
    () => {
      const envelope = seal(key, one());
      const wrapper = envelope.subarray(3, 5 + (envelope[5] ?? 0) + 1);
      return join(hex("d86b a4"), wrapper, envelope.subarray(3));
    },
    UNTRUSTED_CBOR,
  ],
  ...[1, 14, 16, 20].map((label): Case => {
    return [
      10,
      `key ${label} in the envelope`,
      () => withEntries(two(), [[int(label), bstr(hex("00"))], ...two().payloads.slice(0, 1)]),
      UNTRUSTED_CBOR,
    ];
  }),
  [10, "key 1 first", () => swap(seal(key, one()), hex("a302"), hex("a301")), UNTRUSTED_CBOR],

  [
    11,
    "wrapper with a digest only",
    () => withWrapper((signed) => array(bstr(signed))),
    UNTRUSTED_ALGORITHM,
  ],
  [
    11,
    "wrapper with five blocks",
    () =>
      withWrapper((signed) => {
        return array(bstr(signed), ...Array.from({ length: 5 }, () => bstr(hex("00"))));
      }),
    UNTRUSTED_CBOR,
  ],
  [
    11,
    "wrapper with four blocks of another form",
    () =>
      withWrapper((signed) => {
        return array(bstr(signed), ...Array.from({ length: 4 }, () => bstr(hex("00"))));
      }),
    UNTRUSTED_ALGORITHM,
  ],
  [11, "empty wrapper", () => withWrapper(() => array()), UNTRUSTED_CBOR],

  ...[-15, -18, -43, -44, -45].map((algorithm): Case => {
    return [
      12,
      `digest algorithm ${algorithm} in the wrapper`,
      () =>
        withWrapper((signed, block) => {
          return array(bstr(array(int(algorithm), signed.subarray(2))), block);
        }),
      UNTRUSTED_ALGORITHM,
    ];
  }),
  ...[8, 31, 33, 64].map((length): Case => {
    return [
      12,
      `digest of ${length} bytes in the wrapper`,
      () =>
        withWrapper((_, block) => {
          return array(bstr(array(int(-16), bstr(new Uint8Array(length)))), block);
        }),
      UNTRUSTED_ALGORITHM,
    ];
  }),
  ...[-15, -18, -43, -44, 16].map((algorithm): Case => {
    const imageDigest = array(int(algorithm), bstr(suit.sha256(JVM)));
    const make = (): Uint8Array => withSettings(int(3), bstr(imageDigest), ...SIZE, ...VERSION);
    return [12, `image digest with algorithm ${algorithm}`, make, [Err.NotForDevice, 3]];
  }),
  ...[0, 31, 33].map((length): Case => {
    const imageDigest = array(int(-16), bstr(new Uint8Array(length)));
    const make = (): Uint8Array => withSettings(int(3), bstr(imageDigest), ...SIZE, ...VERSION);
    return [12, `image digest of ${length} bytes`, make, INCONSISTENT];
  }),

  [
    13,
    "digest and signature of another package",
    () => {
      const other = one();
      other.sequence = int(1002);
      return seal(key, one(), {
        wrapper: (_, blocks) => {
          const signed = digest(bstr(suit.manifestOf(other)));
          return array(bstr(signed), bstr(suit.sign1(key, signed)), ...blocks.slice(1));
        },
      });
    },
    UNTRUSTED_SIGNATURE,
  ],

  ...[63, 65, 0].map((length): Case => {
    return [
      14,
      `signature of ${length} bytes`,
      () =>
        withBlock((signed) => {
          return suit.sign1(key, signed, { signature: new Uint8Array(length).fill(1) });
        }),
      UNTRUSTED_ALGORITHM,
    ];
  }),
  [
    14,
    "signature in DER",
    () =>
      withBlock((signed) => {
        return suit.sign1(key, signed, {
          signature: hex(`3044 0220 ${"11".repeat(32)} 0220 ${"11".repeat(32)}`),
        });
      }),
    UNTRUSTED_ALGORITHM,
  ],
  ...(
    [
      ["r = 0", "00", ""],
      ["s = 0", "", "00"],
      ["r >= n", "ff", ""],
      ["s >= n", "", "ff"],
    ] as const
  ).map(([title, r, s]): Case => [
    14,
    `signature with ${title}`,
    () => {
      const envelope = seal(key, one());
      if (r !== "") envelope.fill(parseInt(r, 16), SIGNATURE_OFFSET, SIGNATURE_OFFSET + 32);
      if (s !== "") envelope.fill(parseInt(s, 16), SIGNATURE_OFFSET + 32, SIGNATURE_OFFSET + 64);
      return envelope;
    },
    UNTRUSTED_SIGNATURE,
  ]),

  ...(
    [
      ["algorithm in the unprotected header", { unprotected: map(int(1), int(-7)) }],
      ["empty protected header", { protectedHeader: map() }],
      [
        "protected header of no bytes",
        { protectedHeader: hex(""), unprotected: map(int(1), int(-7)) },
      ],
      ["algorithm twice", { protectedHeader: map(int(1), int(-7), int(1), int(-7)) }],
      ["crit", { protectedHeader: map(int(1), int(-7), int(2), array(int(1))) }],
      ["unknown protected label", { protectedHeader: map(int(1), int(-7), int(99), int(1)) }],
      ["algorithm as text", { protectedHeader: map(int(1), tstr("ES256")) }],
    ] as [string, suit.BlockOptions][]
  ).map(([title, options]): Case => {
    return [
      15,
      title,
      () => withBlock((signed) => suit.sign1(key, signed, options)),
      UNTRUSTED_ALGORITHM,
    ];
  }),

  [
    16,
    "signature of another kind under -7",
    () =>
      withBlock((signed) => {
        return suit.sign1(key, signed, { signature: new Uint8Array(64).fill(0x5a) });
      }),
    UNTRUSTED_SIGNATURE,
  ],
  [
    16,
    "algorithm id other than the one that was signed",
    () => {
      return swap(seal(key, one()), hex("43 a1 01 26"), hex("43 a1 01 28"));
    },
    UNTRUSTED_SIGNATURE,
  ],
  ...(
    [
      ["HMAC, COSE_Mac0", 5, 17],
      ["COSE_Sign", -7, 98],
      ["algorithm 0", 0, 18],
      ["EdDSA", -8, 18],
    ] as const
  ).map(([title, algorithm, number]): Case => [
    16,
    title,
    () =>
      withBlock((signed) => {
        return suit.sign1(key, signed, { algorithm, tag: number });
      }),
    UNTRUSTED_ALGORITHM,
  ]),

  [
    17,
    "payload present",
    () => withBlock((signed) => suit.sign1(key, signed, { payload: bstr(signed) })),
    UNTRUSTED_ALGORITHM,
  ],
  [
    17,
    "payload of no bytes",
    () => withBlock((signed) => suit.sign1(key, signed, { payload: hex("40") })),
    UNTRUSTED_ALGORITHM,
  ],

  [
    18,
    "four blocks with a bad signature and no kid",
    () =>
      seal(key, one(), {
        blocks: (signed) =>
          Array.from({ length: 4 }, () => bstr(suit.sign1(stranger, signed, { kid: null }))),
      }),
    UNTRUSTED_SIGNATURE,
  ],
  [
    19,
    "kid of the trusted key, signed by another",
    () => seal(stranger, one()),
    UNTRUSTED_SIGNATURE,
  ],
];

/** The envelope with another head of the manifest. */
function longManifest(length: number): Uint8Array {
  const envelope = seal(key, one());
  const at = 3 + 3 + (envelope[5] ?? 0); // Behind tag, map, key 2, and the wrapper with its head.
  return join(envelope.subarray(0, at + 1), head(2, length), envelope.subarray(at + 3));
}

function longManifestLength(): Uint8Array {
  const parts = one();
  const manifest = suit.manifestOf(parts);
  const envelope = seal(key, parts);
  return swap(envelope, bstr(manifest), join(longHead(2, manifest.length, 4), manifest));
}
