import * as acl from "../../../assembly/tree/acl";
import { Right } from "../../../assembly/tree/acl";

const TEXT: usize = memory.data(512);
const ID: usize = memory.data(64);

function put(text: string, ptr: usize): i32 {
  const byteCount = String.UTF8.byteLength(text);
  String.UTF8.encodeUnsafe(changetype<usize>(text), text.length, ptr);
  return byteCount;
}

function isValid(text: string): bool {
  return acl.isValid(TEXT, put(text, TEXT));
}

function grants(text: string, right: i32, id: string): bool {
  return acl.grants(TEXT, put(text, TEXT), right, ID, put(id, ID));
}

describe("acl", () => {
  it("isValid: takes the empty list, and lists with names and `*`", () => {
    expect(isValid("")).toBe(true);
    expect(isValid("Add=srv1&Get=*&Replace=srv1+srv2")).toBe(true);
  });

  it("isValid: refuses a command twice, a foreign command and an empty identifier", () => {
    expect(isValid("Get=a&Get=b")).toBe(false);
    expect(isValid("Copy=a")).toBe(false);
    expect(isValid("Get=a+")).toBe(false);
  });

  it("grants: compares whole identifiers", () => {
    expect(grants("Get=*&Replace=AB+BA", Right.Replace, "B")).toBe(false);
    expect(grants("Get=*&Replace=AB+BA", Right.Replace, "BA")).toBe(true);
    expect(grants("Get=*&Replace=AB+BA", Right.Get, "B")).toBe(true);
    expect(grants("Get=*&Replace=AB+BA", Right.Delete, "AB")).toBe(false);
  });
});
