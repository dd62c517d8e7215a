// Everything public of the package's main entry. Adapters have subpaths of their own.
export { DmClient } from "./client.ts";
export type {
  DeviceConfig,
  DmClientOptions,
  DmEvent,
  DmListener,
  Policy,
  PolicyStep,
  PolicyVerdict,
  RunReport,
} from "./client.ts";
export type { Component, Components, Content, Verdict } from "./components/components.ts";
export type { Answer, Confirm, Question, QuestionOptions } from "./confirm/confirm.ts";
export { parseOptions, plainText } from "./confirm/confirm.ts";
export type { Areas, CoreLoader, OnFailure } from "./core/load.ts";
export type {
  CoreHealth,
  DeliveredEntry,
  DeployedEntry,
  FormatName,
  OpenOperation,
  RecordedJob,
  TreeNode,
} from "./core/look.ts";
export type { Core } from "./core/memory.ts";
export type { DeviceStatus, JobReport } from "./core/report.ts";
export { DmError, errorFor } from "./errors.ts";
export type { DmErrorCode, DmErrorOptions } from "./errors.ts";
export type { Storage, StorageLayout } from "./storage/storage.ts";
export type {
  MessageAnswer,
  MessageRequest,
  RangeAnswer,
  RangeRequest,
  Transport,
} from "./transport/transport.ts";
