import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { runtime } from "#lib/runtime.ts";
import { Gallery } from "./gallery.tsx";

export const metadata: Metadata = { title: "Gallery" };

/** Every primitive in every state, for the eye and for the accessibility scan. Not part of a production server. */
export default function GalleryPage() {
  if (runtime().env.NODE_ENV === "production") notFound();
  return <Gallery />;
}
