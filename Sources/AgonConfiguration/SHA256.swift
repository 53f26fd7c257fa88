#if canImport(CryptoKit)
    import CryptoKit
#else
    import CAgonCrypto
#endif

/// The SHA-256 hash (FIPS 180-4) of bytes fed in pieces, in hexadecimal.
public struct SHA256: ~Copyable {
    #if canImport(CryptoKit)
        private var hash = CryptoKit.SHA256()

        public init() {}

        public mutating func update(_ bytes: UnsafeRawBufferPointer) { hash.update(bufferPointer: bytes) }

        private mutating func finish() -> [UInt8] { Array(hash.finalize()) }
    #else
        private let context: OpaquePointer

        public init() {
            guard let context = EVP_MD_CTX_new(), EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
                fatalError("libcrypto offers no SHA-256")
            }
            self.context = context
        }

        deinit { EVP_MD_CTX_free(context) }

        public mutating func update(_ bytes: UnsafeRawBufferPointer) {
            EVP_DigestUpdate(context, bytes.baseAddress, bytes.count)
        }

        private mutating func finish() -> [UInt8] {
            [UInt8](unsafeUninitializedCapacity: Int(EVP_MAX_MD_SIZE)) { digest, count in
                var size: UInt32 = 0
                EVP_DigestFinal_ex(context, digest.baseAddress, &size)
                count = Int(size)
            }
        }
    #endif

    public mutating func update(_ bytes: [UInt8]) { bytes.withUnsafeBytes { update($0) } }

    /// The hash of all bytes so far as 64 lower-case hexadecimal digits.
    public consuming func finishHex() -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: finish().flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    /// The hash of a text's UTF-8 bytes in hexadecimal.
    public static func hex(of text: String) -> String { hex(of: Array(text.utf8)) }

    /// The hash of bytes in hexadecimal.
    public static func hex(of bytes: [UInt8]) -> String {
        var hash = SHA256()
        hash.update(bytes)
        return hash.finishHex()
    }

    /// The hash of a file's bytes in hexadecimal, read in pieces of 1 MiB.
    ///
    /// Throws `ConfigError.unreadableFile`.
    public static func hex(ofFile path: String) throws -> String {
        var hash = SHA256()
        try FileBytes.forEachPiece(of: path) { piece in
            hash.update(piece)
            return true
        }
        return hash.finishHex()
    }
}

extension ConfigNode {
    /// The SHA-256 of the canonical text in hexadecimal: the identity of a config.
    public var digest: String { SHA256.hex(of: canonicalText) }
}
