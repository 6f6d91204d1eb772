import { describe, expect, it } from "vitest";
import { classifyAddress, isSameAddress } from "./addresses.ts";

describe("classifyAddress", () => {
  it.each([
    "8.8.8.8",
    "1.1.1.1",
    "93.184.216.34",
    "2606:4700:4700::1111",
    "2a00:1450:4001:81b::200e",
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",
  ])("lets %s pass", (address) => {
    expect(classifyAddress(address)).toBe("public");
  });

  it.each([
    ["loopback", "127.0.0.1"],
    ["loopback", "127.255.255.254"],
    ["loopback", "::1"],
    ["private", "10.0.0.5"],
    ["private", "172.16.0.1"],
    ["private", "172.31.255.255"],
    ["private", "192.168.1.1"],
    ["shared address space", "100.64.0.1"],
    ["benchmarking", "198.18.0.1"],
    ["documentation", "192.0.2.1"],
    ["documentation", "203.0.113.9"],
    ["unique local", "fd12:3456::1"],
    ["unique local", "fc00::1"],
    ["site-local", "fec0::1"],
    ["mapped loopback", "::ffff:127.0.0.1"],
    ["mapped loopback", "::ffff:7f00:1"],
    ["compatible loopback", "::127.0.0.1"],
    ["compatible loopback", "::7f00:1"],
    ["NAT64 loopback", "64:ff9b::7f00:1"],
    ["NAT64 private", "64:ff9b::a00:5"],
    ["local NAT64", "64:ff9b:1::808:808"],
    ["6to4 loopback", "2002:7f00:1::"],
    ["6to4 of a public address", "2002:808:808::1"],
    ["Teredo of a public address", "2001:0:4136:e378:8000:63bf:f7f7:f7f7"],
    ["translated", "::ffff:0:7f00:1"],
    ["documentation", "2001:db8::1"],
    ["discard", "100::1"],
  ])("refuses %s %s", (_name, address) => {
    expect(classifyAddress(address)).toBe("private");
  });

  it.each([
    "169.254.169.254",
    "169.254.170.2",
    "168.63.129.16",
    "100.100.100.200",
    "192.0.0.192",
    "fd00:ec2::254",
    "fd20:ce::254",
    "fe80::1",
    "::ffff:169.254.169.254",
    "::ffff:a9fe:a9fe",
    "::a9fe:a9fe",
    "64:ff9b::a9fe:a9fe",
    "2002:a9fe:a9fe::1",
    "0.0.0.0",
    "0.1.2.3",
    "::",
    "224.0.0.1",
    "255.255.255.255",
    "240.0.0.1",
    "ff02::1",
    "not an address",
    "",
  ])("never lets %s pass", (address) => {
    expect(classifyAddress(address)).toBe("never");
  });
});

describe("isSameAddress", () => {
  it("sees through the ways to write one address", () => {
    expect(isSameAddress("::ffff:127.0.0.1", "127.0.0.1")).toBe(true);
    expect(isSameAddress("2606:4700::1", "2606:4700:0:0::1")).toBe(true);
    expect(isSameAddress("127.0.0.1", "127.0.0.2")).toBe(false);
    expect(isSameAddress("", "127.0.0.1")).toBe(false);
  });
});
