export { packDelivery } from "./delivery.ts";
export { inspectDelivery } from "./inspect.ts";
export type { InspectedComponent, Inspection } from "./inspect.ts";
export { fingerprint, publicBytes, signingKey, trustKey } from "./keys.ts";
export type { KeyClass, SigningKey, TrustKey } from "./keys.ts";
export { readSpec } from "./spec.ts";
export type { ComponentSpec, DeliverySpec, NeedSpec } from "./spec.ts";
export { classId, vendorId } from "./uuid.ts";
