// Rows 21 to 25 of hostile Delivery Packages: what the manifest says.
import { Err } from "../../../assembly/abi/codes.ts";
import * as suit from "../../helpers/suit.ts";
import { array, bstr, digest, hex, int, map, tstr } from "../../helpers/suit.ts";
import {
  BAD_COMMAND,
  BAD_PARAMETER,
  DIGEST,
  INCONSISTENT,
  JVM,
  SIZE,
  VERSION,
  broken,
  one,
  two,
  withManifest,
  withSettings,
  type Case,
} from "./broken.ts";

export const MANIFEST_CASES: Case[] = [
  [21, "sequence number 0", () => broken((parts) => (parts.sequence = int(0))), INCONSISTENT],
  [
    21,
    "sequence number 2^32",
    () => broken((parts) => (parts.sequence = hex("1b 00000001 00000000"))),
    INCONSISTENT,
  ],
  [
    21,
    "negative sequence number",
    () => broken((parts) => (parts.sequence = int(-1))),
    INCONSISTENT,
  ],

  [
    22,
    "component listed twice",
    () => broken((parts) => (parts.componentIds[1] = suit.componentId("jvm")), two()),
    INCONSISTENT,
  ],
  [22, "no component", () => broken((parts) => (parts.componentIds = [])), INCONSISTENT],
  [
    22,
    "17 components",
    () =>
      broken((parts) => {
        parts.componentIds = Array.from({ length: 17 }, (_, index) =>
          suit.componentId(`c${index}`),
        );
      }),
    INCONSISTENT,
  ],
  ...(
    [
      ["empty segment", hex("82 40 41 61")],
      ["no segment", hex("80")],
      ["five segments", suit.componentId("a/b/c/d/e")],
      ["segment of 65 bytes", suit.componentId("x".repeat(65))],
      ["129 bytes in all", suit.componentId(["a".repeat(64), "b".repeat(60), "c", "d"].join("/"))],
      ["a slash", array(bstr(Buffer.from("a/b")))],
      ["a space", suit.componentId("a b")],
      ["a control byte", suit.componentId("a\nb")],
      ["NUL", suit.componentId("a\0b")],
      ["DEL", suit.componentId("a\u007fb")],
      ["a byte above 7F", suit.componentId("é")],
      ["a segment that is text", array(tstr("jvm"))],
    ] as const
  ).map(([title, id]): Case => {
    return [
      22,
      `component identifier with ${title}`,
      () => broken((parts) => (parts.componentIds = [id])),
      INCONSISTENT,
    ];
  }),

  [23, "index out of range", () => broken((parts) => (parts.validate[1] = int(1))), INCONSISTENT],
  [
    23,
    "index 2^32 - 1",
    () => broken((parts) => (parts.validate[1] = int(0xffff_ffff))),
    INCONSISTENT,
  ],
  [23, "index 32", () => broken((parts) => (parts.validate[1] = int(32))), INCONSISTENT],
  [23, "negative index", () => broken((parts) => (parts.validate[1] = int(-1))), INCONSISTENT],
  [23, "empty index array", () => broken((parts) => (parts.validate[1] = array())), INCONSISTENT],
  [
    23,
    "index array with an index out of range",
    () =>
      broken((parts) => {
        parts.validate[1] = array(int(0), int(2));
      }, two()),
    INCONSISTENT,
  ],
  [
    23,
    "true in an index array",
    () => broken((parts) => (parts.validate[1] = array(suit.TRUE))),
    INCONSISTENT,
  ],
  [
    23,
    "nested index array",
    () => broken((parts) => (parts.validate[1] = array(array(int(0))))),
    INCONSISTENT,
  ],
  ...(["shared", "install", "validate"] as const).flatMap((name): Case[] => [
    [
      23,
      `command before any index in ${name}`,
      () => broken((parts) => parts[name].splice(0, 2), two()),
      INCONSISTENT,
    ],
    [
      23,
      `odd number of items in ${name}`,
      () => broken((parts) => parts[name].push(int(3))),
      INCONSISTENT,
    ],
    [23, `no items in ${name}`, () => broken((parts) => (parts[name] = [])), INCONSISTENT],
  ]),
  [
    23,
    "empty parameter map",
    () => broken((parts) => parts.validate.push(int(20), map())),
    INCONSISTENT,
  ],
  [23, "reporting policy 16", () => broken((parts) => (parts.validate[3] = int(16))), INCONSISTENT],
  [
    23,
    "command that is text",
    () => broken((parts) => (parts.validate[2] = tstr("a"))),
    INCONSISTENT,
  ],

  ...(
    [
      ["digest", DIGEST],
      ["size", SIZE],
      ["version", VERSION],
    ] as const
  ).flatMap(([name, setting]): Case[] => [
    [
      24,
      `${name} set again in validate`,
      () => broken((parts) => parts.validate.push(int(20), map(...setting))),
      INCONSISTENT,
    ],
    [
      24,
      `target without ${name}`,
      () => {
        return withSettings(...[DIGEST, SIZE, VERSION].filter((other) => other !== setting).flat());
      },
      INCONSISTENT,
    ],
  ]),
  [
    24,
    "URI set again",
    () => broken((parts) => parts.validate.push(int(20), map(int(21), tstr("#0")))),
    INCONSISTENT,
  ],
  [
    24,
    "vendor set again",
    () =>
      broken((parts) => {
        parts.validate.push(int(20), map(int(1), bstr(suit.VENDOR)));
      }),
    INCONSISTENT,
  ],
  [24, "no vendor check", () => broken((parts) => parts.shared.splice(4, 2)), INCONSISTENT],
  [24, "no class check", () => broken((parts) => parts.shared.splice(6, 2)), INCONSISTENT],
  [
    24,
    "no image-match",
    () =>
      broken((parts) => {
        parts.install.splice(6, 2);
        parts.validate.splice(2, 2);
      }),
    INCONSISTENT,
  ],
  [24, "no fetch", () => broken((parts) => parts.install.splice(4, 2)), INCONSISTENT],
  [24, "fetch twice", () => broken((parts) => parts.install.push(int(21), int(2))), INCONSISTENT],
  [
    24,
    "fetch before its URI",
    () =>
      broken((parts) => {
        parts.install = [
          ...parts.install.slice(0, 2),
          int(21),
          int(2),
          ...parts.install.slice(2, 4),
        ];
      }),
    INCONSISTENT,
  ],
  [
    24,
    "image-match before the digest is set",
    () =>
      broken((parts) => {
        parts.shared.splice(-1, 1, map(...SIZE, ...VERSION));
        parts.validate.push(int(20), map(...DIGEST));
      }),
    INCONSISTENT,
  ],
  [
    24,
    "vendor check before the vendor is set",
    () =>
      broken((parts) => {
        parts.shared = [...parts.shared.slice(0, 2), int(1), int(15), ...parts.shared.slice(2)];
      }),
    INCONSISTENT,
  ],
  [
    24,
    "vendor of 15 bytes",
    () =>
      broken((parts) => {
        parts.shared[3] = map(int(1), bstr(suit.VENDOR.subarray(1)), int(2), bstr(suit.CLASS));
      }),
    INCONSISTENT,
  ],
  [
    24,
    "context component with a size",
    () => {
      const parts = suit.draft(
        [{ id: "jvm", version: [8, 2, 0], content: JVM }],
        [{ id: "libc", atLeast: [1] }],
      );
      return broken(() => parts.validate.push(int(20), map(...SIZE)), parts);
    },
    INCONSISTENT,
  ],
  [
    24,
    "version condition before the version is set",
    () => {
      const parts = suit.draft(
        [{ id: "jvm", version: [8, 2, 0], content: JVM }],
        [{ id: "libc", atLeast: [1] }],
      );
      return broken(() => parts.validate.splice(-4, 0, int(28), int(15)), parts);
    },
    INCONSISTENT,
  ],

  ...(
    [
      ["try-each", 15, array(bstr(array(int(3), int(15))), suit.NULL)],
      ["run-sequence", 32, bstr(array(int(3), int(15)))],
      ["swap", 31, int(15)],
      ["copy", 22, int(15)],
      ["write", 18, int(15)],
      ["wait", 29, int(15)],
      ["set-parameters", 19, map(int(14), int(1))],
      ["invoke", 23, int(15)],
      ["abort", 14, int(15)],
      ["a custom command", -257, hex("40")],
      ["command 0", 0, int(15)],
      ["command 33", 33, int(15)],
      ["command 35", 35, map()],
      ["command 2^32 - 1", 0xffff_ffff, int(15)],
    ] as const
  ).flatMap(([title, label, argument]): Case[] =>
    (["shared", "install", "validate"] as const).map((name): Case => {
      return [
        25,
        `${title} in ${name}`,
        () => broken((parts) => parts[name].push(int(label), argument)),
        BAD_COMMAND,
      ];
    }),
  ),
  ...(
    [
      ["fetch", 21, "shared"],
      ["fetch", 21, "validate"],
      ["vendor", 1, "install"],
      ["class", 2, "validate"],
      ["version", 28, "shared"],
      ["version", 28, "install"],
      ["image-match", 3, "shared"],
    ] as const
  ).map(([title, label, name]): Case => [
    25,
    `${title} in ${name}`,
    () => broken((parts) => parts[name].push(int(label), int(15))),
    BAD_COMMAND,
  ]),
  ...[4, 5, 12, 13, 18, 22, 23, 24, 25, 29, 30, 31, 32, 300].map((label): Case => {
    return [
      25,
      `parameter ${label}`,
      () => broken((parts) => parts.validate.push(int(20), map(int(label), suit.TRUE))),
      BAD_PARAMETER,
    ];
  }),
  [
    25,
    "private parameter",
    () => broken((parts) => parts.validate.push(int(20), map(int(-257), int(1)))),
    BAD_PARAMETER,
  ],
  ...[5, 8, 9, 15, 16, 18, 24, 25, 31, 32, 33, -257].map((label): Case => {
    return [
      25,
      `section ${label}`,
      () => broken((parts) => parts.manifestExtra.push([label, bstr(hex("80"))])),
      BAD_COMMAND,
    ];
  }),
  [
    25,
    "dependencies in common",
    () => broken((parts) => parts.commonExtra.push([1, map()])),
    BAD_COMMAND,
  ],
  [25, "manifest version 2", () => broken((parts) => (parts.version = int(2))), BAD_COMMAND],
  [
    25,
    "severed install",
    () => broken((parts) => parts.manifestExtra.push([20, digest(JVM)])),
    [Err.NotForDevice, 9],
  ],
  [
    25,
    "text inline",
    () => broken((parts) => parts.manifestExtra.push([23, bstr(map())])),
    [Err.NotForDevice, 9],
  ],
  [
    25,
    "CoSWID inline",
    () => broken((parts) => parts.manifestExtra.push([14, bstr(map())])),
    [Err.NotForDevice, 9],
  ],
  [
    25,
    "severed text with another digest",
    () =>
      broken((parts) => {
        parts.manifestExtra.push([23, array(int(-43), bstr(new Uint8Array(48)))]);
      }),
    [Err.NotForDevice, 3],
  ],
  ...[1, 2, 3, 7, 20].map((label): Case => {
    return [
      25,
      `without section ${label}`,
      () =>
        withManifest(() => {
          const parts = one();
          const all: [number, Uint8Array][] = [
            [1, int(1)],
            [2, int(9)],
            [3, bstr(suit.commonOf(parts))],
            [7, bstr(array(...parts.validate))],
            [20, bstr(array(...parts.install))],
          ];
          return suit.sorted(all.filter(([section]) => section !== label));
        }),
      INCONSISTENT,
    ];
  }),
];
