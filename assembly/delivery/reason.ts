/**
 * Detail of a refusal, for a person who looks for the cause. The numbers are those of
 * suit-report-result-reason.
 *
 * @spec draft-ietf-suit-report-18 §4
 */
export const enum Reason {
  None = 0,
  /** Not CBOR in the form that profile 1 asks for, or against another rule of profile 1. */
  Cbor = 1,
  /** Digest or signature algorithm that this device does not have; no signature at all. */
  Algorithm = 3,
  /** A digest of the head or a signature that does not agree. */
  Unauthorised = 4,
  /** A section, command or manifest version that profile 1 does not have. */
  Command = 5,
  /** A parameter, comparison or pre-release number that profile 1 does not have. */
  Parameter = 8,
  /** A section is severed or inline where profile 1 has it the other way. */
  Severing = 9,
  /** The bytes of a payload do not have the digest in the manifest. */
  Condition = 10,
  /** A payload is missing or has another length than the manifest says. */
  Operation = 11,
}
