import AgonConfiguration
import AgonText
import Foundation

/// The description of a dataset in `Datasets/NAME.json`: its forms, their sources and their checksums.
public struct DatasetManifest: ConfigDecodable, Sendable {
    public let name: String
    public let title: String
    public let homepage: String
    public let licence: String
    public let citation: String
    /// The names of the classes in the order of their labels; empty if folders define them or there are none.
    public let classes: [String]
    /// Other data that serve as well, and the settings that use them; nil if there are none.
    public let alternative: String?
    /// The forms in which the data exist, in order of preference.
    public let forms: [Form]

    public init(from reader: ConfigReader) throws {
        name = try reader.string("name", "The name used in configs, as in the file's own name.")
        title = try reader.string("title", "The full name.")
        homepage = try reader.string("homepage", "The web page that describes the data.")
        licence = try reader.string("licence", "The terms of use.")
        citation = try reader.string("citation", "The publication to cite.")
        classes = try reader.strings("classes", default: [], "Names of the classes in the order of their labels.")
        alternative = try reader.optionalString(
            "alternative", "Other data that serve as well, and the settings that use them.")
        forms = try reader.array("forms", of: Form.self, count: 1..., "The forms in which the data exist.")
    }

    /// Whether some form has a download address.
    public var isFetchable: Bool { forms.contains { !$0.sources.isEmpty } }

    /// What to do to get the data.
    public var remedy: String {
        if isFetchable { return "get it with: " + CommandText.agon("datasets fetch \(name)") }
        return "put \(DatasetError.list(forms[0].files.map(\.name))) in a folder DIR and run: "
            + CommandText.agon("datasets fetch \(name) --from DIR") + (alternative.map { "; or use " + $0 } ?? "")
    }

    /// One form of the data.
    public struct Form: ConfigDecodable, Sendable {
        public enum Format: String, CaseIterable, Sendable { case idx, cifar10, folder, pairs }

        public let format: Format
        public let train: Split
        public let test: Split?
        public let input: ImagePairs.Side?
        public let files: [File]
        /// `https://HOST/FOLDER`, `file:///FOLDER`, `debian:PACKAGE/FOLDER/IN/IT`; file names are appended.
        public let sources: [String]

        public init(from reader: ConfigReader) throws {
            format = try reader.choice("format", "The format of the files.")
            train = try reader.section("train", "The training samples.")
            test = try reader.optionalSection("test", "The test samples, if the dataset has any.")
            input = try reader.optionalChoice("input", "For pairs: the half that a generator reads.")
            files = try reader.array("files", of: File.self, count: 1..., "The files to fetch.")
            sources = try reader.strings("sources", default: [], "Folders with the files, in order of preference.")
        }

        /// The samples of a split on disk, as paths relative to the dataset's folder.
        public struct Split: ConfigDecodable, Sendable {
            public let images: [String]
            public let labels: String?

            public init(from reader: ConfigReader) throws {
                images = try reader.strings("images", count: 1..., "Files of images, or one folder.")
                labels = try reader.optionalString("labels", "The file of labels, if it is separate.")
            }
        }
    }

    /// A file to fetch.
    public struct File: ConfigDecodable, Sendable {
        public enum Packing: String, CaseIterable, Sendable {
            /// Used without unpacking.
            case none
            /// Read through gzip. Size and checksum refer to the contents, so any compression of them is valid.
            case gzip
            /// Extracted. Size and checksum refer to the archive.
            case archive
        }

        public let name: String
        public let packing: Packing
        /// In bytes.
        public let size: Int
        /// In hexadecimal.
        public let sha256: String

        public init(from reader: ConfigReader) throws {
            name = try reader.string("name", "The file's name.")
            packing = try reader.choice("packing", default: Packing.none, "How the contents are packed.")
            size = try reader.integer("size", in: 1..., "Bytes of the contents, or of the archive.")
            sha256 = try reader.string("sha256", "SHA-256 of the contents, or of the archive.")
            let name = name
            let sha256 = sha256
            try reader.require(
                !name.isEmpty && !name.contains("/") && !name.hasPrefix("."), "name", "expected a plain file name")
            try reader.require(
                sha256.count == 64 && sha256.allSatisfy { "0123456789abcdef".contains($0) }, "sha256",
                "expected 64 lower-case hexadecimal digits")
        }

        /// The name without the suffix of the compression.
        var plainName: String { packing == .gzip && name.hasSuffix(".gz") ? String(name.dropLast(3)) : name }
    }

    /// Reads one manifest.
    ///
    /// Throws `ConfigError`.
    public static func load(path: String) throws -> DatasetManifest {
        try ConfigReader.decode(DatasetManifest.self, from: ConfigNode.load(path: path)).value
    }

    /// The bytes to fetch for the preferred form; decompressed size for plain gzip files.
    public var size: Int { forms.first.map { $0.files.reduce(0) { $0 + $1.size } } ?? 0 }
}
