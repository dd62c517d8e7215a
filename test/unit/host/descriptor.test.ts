import { describe, expect, it } from "vitest";
import {
  DESCRIPTOR_BYTES_MAX, DescriptorError, parseDescriptor, reportLine, reportOf,
} from "../../../host/transport/descriptor.ts";

const BASE = "https://dl.example/a/b.dd";
const DD = `<?xml version="1.0" encoding="UTF-8"?>
<!-- ours -->
<media xmlns="http://www.openmobilealliance.org/xmlns/dd">
  <DDVersion>1.0</DDVersion>
  <name>Scanner &amp; J&#252;rgen's <![CDATA[<VM>]]></name>
  <size>4711</size>
  <type>application/suit-envelope+cose; charset=x</type><type>Application/Octet-Stream</type>
  <objectURI>scanner.suit?a=1&amp;b=2</objectURI>
  <installNotifyURI>https://notify.example/n</installNotifyURI>
  <vendor/>
  <other><deep>1</deep></other>
</media>
`;
const read = (text: string | Uint8Array) =>
  parseDescriptor(typeof text === "string" ? new TextEncoder().encode(text) : text, BASE);

function refusal(text: string | Uint8Array): [string, string | null] {
  try {
    read(text);
  } catch (error) {
    if (error instanceof DescriptorError) return [reportLine(error.report), error.notifyUrl];
    throw error;
  }
  return ["taken", null];
}

const with_ = (from: string | RegExp, to: string): string => {
  const changed = DD.replace(from, to);
  expect(changed).not.toBe(DD);
  return changed;
};

describe("parseDescriptor", () => {
  it("DLOTA §6.2: what it says, URLs resolved, types without parameters", () => {
    expect(read(DD)).toEqual({
      objectUrl: "https://dl.example/a/scanner.suit?a=1&b=2",
      objectBytes: 4711,
      types: ["application/suit-envelope+cose", "application/octet-stream"],
      notifyUrl: "https://notify.example/n",
    });
  });

  it("the least: size, type and objectURI, without namespace, version and declaration", () => {
    const least = "<media><size>1</size><type>a/b</type><objectURI>x</objectURI></media>";
    expect(read(least)).toEqual(
      { objectUrl: "https://dl.example/a/x", objectBytes: 1, types: ["a/b"], notifyUrl: null },
    );
    const prefixed = least.replace(/<(\/?)/g, "<$1d:").replace(
      "<d:media", '<d:media xmlns:d="http://www.openmobilealliance.org/xmlns/dd"',
    );
    expect(read(prefixed)).toEqual(read(least));
  });

  it.each<[string, string | RegExp, string, string]>([
    ["no size", "<size>4711</size>", "", "906 Invalid descriptor"],
    ["a size that is none", "4711", "1,000", "906 Invalid descriptor"],
    ["a size of 0", "4711", "0", "906 Invalid descriptor"],
    ["two sizes", "<size>", "<size>1</size><size>", "906 Invalid descriptor"],
    ["no type", /<type>.*<\/type>/, "", "906 Invalid descriptor"],
    ["no objectURI", /<objectURI>.*<\/objectURI>/, "", "906 Invalid descriptor"],
    ["an objectURI that is none", "scanner.suit", "http://[", "906 Invalid descriptor"],
    ["version 2", "1.0</DDV", "2.0</DDV", "951 Invalid DDVersion"],
    ["a version that is none", "1.0</DDV", "one</DDV", "951 Invalid DDVersion"],
  ])("%s: refused, and who is to hear is known", (_, from, to, status) => {
    expect(refusal(with_(from, to))).toEqual([status, "https://notify.example/n"]);
  });

  it.each<[string, string | RegExp, string]>([
    ["another root", /media/g, "medium"],
    ["another namespace", "xmlns/dd\"", "xmlns/dd2\""],
    ["another encoding", "UTF-8", "ISO-8859-1"],
    ["a DOCTYPE", "<!-- ours -->", "<!DOCTYPE media [<!ENTITY x \"y\">]>"],
    ["an entity that nobody declared", "&amp;", "&x;"],
    ["an ampersand alone", "&amp;", "& "],
    ["a character that is none", "#252", "#xD800"],
    ["a processing instruction", "<!-- ours -->", "<?php 1 ?>"],
    ["text behind the root", /$/, "more"],
    ["a second root", /$/, "<media/>"],
    ["tags that cross", "<deep>1</deep></other>", "<deep>1</other></deep>"],
    ["elements deeper than four", "<deep>1</deep>", "<a><b><c><d/></c></b></a>"],
    ["more tags than 128", "<vendor/>", "<v/>".repeat(128)],
    ["a text above 2,048 characters", "Scanner", "x".repeat(2049)],
  ])("%s: 906", (_, from, to) => {
    expect(refusal(with_(from, to))[0]).toBe("906 Invalid descriptor");
  });

  it("bytes: at the limit they are read, one more is not; UTF-8 only", () => {
    const fill = (count: number) => DD + " ".repeat(count - new TextEncoder().encode(DD).length);
    expect(read(fill(DESCRIPTOR_BYTES_MAX)).objectBytes).toBe(4711);
    expect(refusal(fill(DESCRIPTOR_BYTES_MAX + 1))[0]).toBe("906 Invalid descriptor");
    expect(refusal(Buffer.from(DD.replace("ü", ""), "latin1").fill(0xff, 60, 61))[0])
      .toBe("906 Invalid descriptor");
  });

  it("every prefix is refused, at once", () => {
    const bytes = new TextEncoder().encode(DD.trimEnd());
    for (let count = 0; count < bytes.length; count++) {
      expect(refusal(bytes.subarray(0, count))[0]).toBe("906 Invalid descriptor");
    }
  });

  it("every byte changed: is read or refused, never anything else", () => {
    const bytes = new TextEncoder().encode(DD);
    for (let at = 0; at < bytes.length; at++) {
      for (const value of [0, 0x26, 0x3c, 0x3e, 0x22, bytes[at]! ^ 1, bytes[at]! ^ 0x80]) {
        const changed = bytes.slice();
        changed[at] = value;
        refusal(changed);
      }
    }
  });

  it("what repeats is read in time that grows no faster than its length", () => {
    const start = Date.now();
    for (const part of ["<", "<a", "<!--", "<![CDATA[", "<a b=\"", "&", " ", "<a x='1' ", "</"]) {
      refusal(`<media>${part.repeat(DESCRIPTOR_BYTES_MAX / part.length)}`);
    }
    expect(Date.now() - start).toBeLessThan(5000);
  });
});

describe("reportOf", () => {
  it.each([
    [1200, "900 Success"], [1401, "902 User Cancelled"], [1402, "903 Loss of Service"],
    [1403, "954 Loader Error"], [1404, "901 Insufficient memory"], [1405, "952 Device Aborted"],
    [1406, "901 Insufficient memory"], [1407, "905 Attribute mismatch"],
    [1411, "952 Device Aborted"], [1412, "952 Device Aborted"],
    [1413, "953 Non-Acceptable Content"], [1475, "952 Device Aborted"],
    [1500, "954 Loader Error"], [1501, "954 Loader Error"],
  ])("DLOTA §5.2: result %i: %s", (result, line) => {
    expect(reportLine(reportOf(result))).toBe(line);
  });
});
