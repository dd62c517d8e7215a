import { createHash } from "node:crypto";
import { DmError } from "../errors.ts";
import { canonicalMap, encodeCbor, Tagged } from "./cbor.ts";
import { idToSegments } from "./component-id.ts";
import { algorithmOf, signBytes } from "./keys.ts";
import type { SigningKey } from "./keys.ts";
import { checkSpec } from "./spec.ts";
import type { ComponentSpec, DeliverySpec } from "./spec.ts";
import {
  Command, Comparison, DIGEST_SHA256, Envelope, ENVELOPE_TAG, Manifest, MANIFEST_BYTES_MAX,
  Parameter, SIGN1_TAG, sigStructure, Text, TEXT_BYTES_MAX,
} from "./suit.ts";
import { classId, vendorId } from "./uuid.ts";
import { parseNeed, parseVersion } from "./version.ts";

/** Every reason is recorded, on success and on failure. */
const POLICY_ALL = 15;
/** Only a failure is recorded. */
const POLICY_FAILURE = 2;
const LANGUAGE = "en";

/**
 * Makes a signed Delivery Package: a SUIT envelope of profile 1.
 *
 * The same specification and key give the same bytes.
 *
 * @fails DM_BAD_CONFIG  a sentence that names the key of the specification at fault
 * @spec draft-ietf-suit-manifest-37 §8
 */
export function packDelivery(spec: DeliverySpec, key: SigningKey): Uint8Array {
  checkSpec(spec);
  const texts = encodeTexts(spec);
  const manifest = encodeManifest(spec, digestOf(texts));
  const entries: [unknown, unknown][] = [
    [Envelope.Authentication, encodeWrapper(digestOf(manifest), key)],
    [Envelope.Manifest, manifest],
    [Envelope.Text, texts],
  ];
  for (const [index, component] of spec.components.entries()) {
    if (component.uri === undefined) entries.push([uriOf(component, index), component.content]);
  }
  return encodeCbor(new Tagged(ENVELOPE_TAG, canonicalMap(entries)));
}

function encodeWrapper(manifestDigest: unknown, key: SigningKey): Uint8Array {
  const digest = encodeCbor(manifestDigest);
  const header = encodeCbor(canonicalMap([[1, algorithmOf(key.class)]]));
  const kid = key.kid === "" ? [] : [[4, new Uint8Array(Buffer.from(key.kid))] as const];
  const signature = signBytes(key, sigStructure(header, digest));
  const block = new Tagged(SIGN1_TAG, [header, canonicalMap(kid), null, signature]);
  return encodeCbor([digest, encodeCbor(block)]);
}

/** SUIT_Digest over a byte string, its CBOR head included. */
function digestOf(content: Uint8Array): [number, Uint8Array] {
  return [DIGEST_SHA256, sha256(encodeCbor(content))];
}

function sha256(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash("sha256").update(bytes).digest());
}

function encodeManifest(spec: DeliverySpec, textDigest: unknown): Uint8Array {
  const ids = [...spec.components, ...(spec.requires ?? [])].map(({ id }) => idToSegments(id));
  const common = canonicalMap([[2, ids], [4, encodeCbor(sharedSequence(spec))]]);
  const manifest = encodeCbor(canonicalMap([
    [Manifest.Version, 1],
    [Manifest.Sequence, spec.sequence],
    [Manifest.Common, encodeCbor(common)],
    [Manifest.Validate, encodeCbor(validateSequence(spec))],
    [Manifest.Install, encodeCbor(installSequence(spec))],
    [Manifest.Text, textDigest],
  ]));
  if (manifest.length > MANIFEST_BYTES_MAX) {
    throw new DmError(
      "DM_BAD_CONFIG",
      `components: the manifest takes ${manifest.length} bytes, a device reads up to ` +
        `${MANIFEST_BYTES_MAX}; shorten IDs and URIs or make two Delivery Packages`,
    );
  }
  return manifest;
}

/** Selects all components that the package brings, runs `commands` on them. */
function forAllTargets(spec: DeliverySpec, commands: readonly unknown[]): unknown[] {
  const needCount = spec.requires?.length ?? 0;
  if (needCount === 0) {
    return [Command.SetIndex, spec.components.length === 1 ? 0 : true, ...commands];
  }
  return spec.components.flatMap((_, index) => [Command.SetIndex, index, ...commands]);
}

function sharedSequence(spec: DeliverySpec): unknown[] {
  const vendor = vendorId(spec.vendor);
  const identity = canonicalMap([
    [Parameter.Vendor, vendor],
    [Parameter.Class, classId(vendor, spec.class)],
  ]);
  const sequence = forAllTargets(spec, [
    Command.Override, identity,
    Command.VendorIdentifier, POLICY_ALL,
    Command.ClassIdentifier, POLICY_ALL,
  ]);
  for (const [index, component] of spec.components.entries()) {
    const version = [Comparison.Equal, [...(parseVersion(component.version) ?? [])]];
    const properties = canonicalMap([
      [Parameter.ImageDigest, encodeCbor([DIGEST_SHA256, sha256(component.content)])],
      [Parameter.ImageSize, component.content.length],
      [Parameter.Version, encodeCbor(version)],
    ]);
    sequence.push(Command.SetIndex, index, Command.Override, properties);
  }
  return sequence;
}

function installSequence(spec: DeliverySpec): unknown[] {
  return spec.components.flatMap((component, index) => [
    Command.SetIndex, index,
    Command.Override, canonicalMap([[Parameter.Uri, uriOf(component, index)]]),
    Command.Fetch, POLICY_FAILURE,
    Command.ImageMatch, POLICY_ALL,
  ]);
}

function validateSequence(spec: DeliverySpec): unknown[] {
  const sequence = forAllTargets(spec, [
    Command.ImageMatch, POLICY_ALL,
    Command.VersionCondition, POLICY_ALL,
  ]);
  for (const [index, need] of (spec.requires ?? []).entries()) {
    const atLeast = encodeCbor([Comparison.AtLeast, parseNeed(need.version)]);
    sequence.push(
      Command.SetIndex, spec.components.length + index,
      Command.Override, canonicalMap([[Parameter.Version, atLeast]]),
      Command.VersionCondition, POLICY_ALL,
    );
  }
  return sequence;
}

/** Content inside is named by its component's index: so canonical order is component order. */
function uriOf(component: ComponentSpec, index: number): string {
  return component.uri ?? `#${index.toString(16)}`;
}

function encodeTexts(spec: DeliverySpec): Uint8Array {
  const inner: [unknown, unknown][] = [];
  if (spec.description !== undefined) inner.push([Text.Description, spec.description]);
  for (const { id, version, name, description } of spec.components) {
    const fields: [unknown, unknown][] = [[Text.Version, version]];
    if (name !== undefined) fields.push([Text.Name, name]);
    if (description !== undefined) fields.push([Text.ComponentDescription, description]);
    inner.push([idToSegments(id), canonicalMap(fields)]);
  }
  const texts = encodeCbor(canonicalMap([[LANGUAGE, canonicalMap(inner)]]));
  if (texts.length > TEXT_BYTES_MAX) {
    throw new DmError(
      "DM_BAD_CONFIG",
      `description: all names and descriptions together take ${texts.length} bytes, ` +
        `a device reads up to ${TEXT_BYTES_MAX}`,
    );
  }
  return texts;
}
