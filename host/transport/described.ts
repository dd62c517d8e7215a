// An object behind a download descriptor: what is checked before its first byte and at its end, and
// who hears of it. Loaded when there is one.
import { DmError } from "../errors.ts";
import { Media } from "../../assembly/abi/codes.ts";
import {
  type Descriptor,
  DESCRIPTOR_BYTES_MAX,
  DescriptorError,
  parseDescriptor,
  reportLine,
  reportOf,
  type ReportStatus,
  typeName,
} from "./descriptor.ts";
import type { RangeAnswer, RangeRequest } from "./transport.ts";

/** Sends a status report. */
export type Post = (url: string, body: string) => Promise<void>;

/** What a server says that knows no type. */
const UNKNOWN_TYPE = "application/octet-stream";
const TYPES = ["application/suit-envelope+cose", UNKNOWN_TYPE];

export class DescribedObject {
  private isReported = false;

  private constructor(
    readonly descriptor: Descriptor,
    private readonly url: string,
    private readonly post: Post,
  ) {}

  /**
   * Reads the descriptor that `answer` brings, and checks type and size before anything of the
   * object is asked for.
   *
   * @fails DM_UNSUPPORTED     the descriptor is none
   * @fails DM_NOT_FOR_DEVICE  the object is of another type
   * @fails DM_NO_SPACE        the object is larger than `request` takes
   */
  static async read(
    request: RangeRequest,
    answer: RangeAnswer,
    post: Post,
  ): Promise<DescribedObject> {
    const bytes = await readAll(answer.blocks);
    let object: DescribedObject;
    try {
      const descriptor = parseDescriptor(bytes, answer.url);
      object = new DescribedObject(descriptor, request.url, post);
    } catch (error) {
      const isNoted = error instanceof DescriptorError && error.notifyUrl !== null;
      if (isNoted) await quietly(post(error.notifyUrl!, reportLine(error.report)));
      throw error;
    }
    const { types, objectBytes } = object.descriptor;
    const strange = types.find((type) => !TYPES.includes(type));
    if (strange !== undefined) {
      const why = `the download descriptor names an object of type ${strange}`;
      await object.fail("content");
      throw new DmError("DM_NOT_FOR_DEVICE", why);
    }
    if (objectBytes <= (request.bytesMax ?? Infinity)) return object;
    await object.fail("memory");
    const why = `the download descriptor names an object of ${objectBytes} bytes`;
    throw new DmError("DM_NO_SPACE", `${why}, for which there is no room`);
  }

  /** True when `url` is that of the descriptor. */
  isOf(url: string): boolean {
    return url === this.url;
  }

  /** What the object's server has said, held against the descriptor. */
  answer(answer: RangeAnswer, contentType: string): RangeAnswer {
    const { notifyUrl } = this.descriptor;
    const told = notifyUrl === null ? {} : { report: (result: number) => this.report(result) };
    const isThere = answer.status === 200 || answer.status === 206;
    if (!isThere) return { ...answer, ...told };
    const blocks = this.checked(answer, contentType);
    const totalBytes = this.descriptor.objectBytes;
    return { ...answer, media: Media.Delivery, totalBytes, blocks, ...told };
  }

  /** Fails where the object is not the one of the descriptor, before its first byte if it can. */
  private async *checked(answer: RangeAnswer, contentType: string): AsyncGenerator<Uint8Array> {
    const { types, objectBytes } = this.descriptor;
    const type = typeName(contentType);
    const isStrange = type !== "" && type !== UNKNOWN_TYPE && !types.includes(type);
    const isOther = answer.totalBytes >= 0 && answer.totalBytes !== objectBytes;
    if (isStrange || isOther) await this.mismatch();
    let left = objectBytes - answer.firstOffset;
    for await (const block of answer.blocks) {
      left -= block.length;
      if (left < 0) await this.mismatch();
      yield block;
    }
    if (left > 0) await this.mismatch();
  }

  private async mismatch(): Promise<never> {
    await this.fail("mismatch");
    const { objectUrl } = this.descriptor;
    throw new DmError("DM_TRANSPORT", `${objectUrl} is not what its download descriptor says`);
  }

  /** The first thing that is told counts. */
  private async tell(status: ReportStatus): Promise<void> {
    const { notifyUrl } = this.descriptor;
    if (this.isReported || notifyUrl === null) return;
    this.isReported = true;
    await this.post(notifyUrl, reportLine(status));
  }

  /** Tells why the object is of no use. */
  fail(status: ReportStatus): Promise<void> {
    return quietly(this.tell(status));
  }

  private report(result: number): Promise<void> {
    return this.tell(reportOf(result));
  }
}

/** What is wrong with the object is the failure to tell, not that nobody wants to hear of it. */
async function quietly(act: Promise<void>): Promise<void> {
  await act.catch((error: unknown) => {
    if (!(error instanceof DmError)) throw error;
  });
}

/** All of it, up to one block above the limit. */
async function readAll(blocks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let count = 0;
  for await (const block of blocks) {
    parts.push(block);
    count += block.length;
    if (count > DESCRIPTOR_BYTES_MAX) break;
  }
  const whole = new Uint8Array(count);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
