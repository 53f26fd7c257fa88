import AgonConfiguration
import AgonText

/// Identifies data by their contents: the number of files, their total size and a hash of all contents.
///
/// The hash is the SHA-256 of one line per file, in order: `NAME \0 BYTES \0 SHA-256 \n`. Names are relative to the
/// dataset's folder, so a dataset may be moved; compressed files count with their decompressed contents.
public struct DatasetFingerprint: Hashable, Sendable, CustomStringConvertible {
    public let files: Int
    public let bytes: Int
    /// 64 hexadecimal digits.
    public let sha256: String
    /// Whether the contents match the record of the dataset's manifest, so the dataset's name identifies them. Not part
    /// of the identity.
    public var isPublished = false

    public init(files: Int, bytes: Int, sha256: String) {
        (self.files, self.bytes, self.sha256) = (files, bytes, sha256)
    }

    public static func == (first: DatasetFingerprint, second: DatasetFingerprint) -> Bool {
        (first.files, first.bytes, first.sha256) == (second.files, second.bytes, second.sha256)
    }

    public func hash(into hasher: inout Hasher) { hasher.combine(sha256) }

    /// The fingerprint as stored in a record: `{"files": …, "bytes": …, "sha256": …}`.
    public var node: ConfigNode {
        ["files": ConfigNode(files), "bytes": ConfigNode(bytes), "sha256": ConfigNode(sha256)]
    }

    /// Reads a fingerprint from `node`; nil if it is not one.
    public init?(_ node: ConfigNode) {
        guard let files = node["files"]?.integer, let bytes = node["bytes"]?.integer,
            let sha256 = node["sha256"]?.string
        else { return nil }
        self.init(files: files, bytes: bytes, sha256: sha256)
    }

    public var description: String { "\(CountText.short(files, "file")) of \(bytes) bytes, \(sha256.prefix(12))" }

    /// A description of what changed, or nil if the contents are the same.
    public func change(from former: DatasetFingerprint) -> String? {
        if self == former { return nil }
        if files != former.files { return "\(CountText.short(former.files, "file")) before, \(files) now" }
        if bytes != former.bytes {
            return "\(CountText.short(files, "file")) as before, but with \(bytes) bytes instead of \(former.bytes)"
        }
        return "\(CountText.short(files, "file")) of the same size as before, but with other names or contents"
    }

    /// Combines several fingerprints in order, such as those of two domains, or of images and their embeddings. Nil if
    /// there are none.
    static func combining(_ parts: [DatasetFingerprint?]) -> DatasetFingerprint? {
        let parts = parts.compactMap { $0 }
        if parts.count <= 1 { return parts.first }
        var hash = SHA256()
        for part in parts { hash.update(Array((part.sha256 + "\n").utf8)) }
        var combined = DatasetFingerprint(
            files: parts.reduce(0) { $0 + $1.files }, bytes: parts.reduce(0) { $0 + $1.bytes },
            sha256: hash.finishHex())
        combined.isPublished = parts.allSatisfy(\.isPublished)
        return combined
    }

    /// The fingerprint of files in order, each with its name relative to the dataset's folder and its size and hash.
    static func of(_ files: some Sequence<(name: String, contents: FileContents)>) -> DatasetFingerprint {
        var hash = SHA256()
        var (count, bytes) = (0, 0)
        for (name, contents) in files {
            hash.update(Array((name + "\0\(contents.size)\0" + contents.sha256 + "\n").utf8))
            count += 1
            bytes += contents.size
        }
        return DatasetFingerprint(files: count, bytes: bytes, sha256: hash.finishHex())
    }
}

/// Size and SHA-256 of a file's contents, decompressed if it is gzip.
struct FileContents: Hashable, Sendable {
    let size: Int
    let sha256: String
}
