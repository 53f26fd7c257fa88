import AgonTestFiles
import Foundation
import Testing

@testable import AgonTensors

@Suite struct SafetensorsSealTests {
    let folder: TemporaryFolder
    let contents: [SafetensorsFile.Content] = [
        .init(name: "weight", shape: [5], values: .float32([1, -2, 0, 3.5, 0x1p-149])),
        .init(name: "a \"agon.crc32c\":\"00000000\" name", shape: [3], values: .uint8([0, 255, 7])),
        .init(name: "counts", shape: [2], values: .int64([3, .min])),
    ]

    init() throws { folder = try TemporaryFolder() }

    private func written(_ metadata: [String: String] = ["step": "7"]) throws -> [UInt8] {
        let path = folder.file("sealed.safetensors")
        try SafetensorsFile.write(path: path, contents, metadata: metadata, isSealed: true)
        return try bytes(of: path)
    }

    @Test func sealedFileReadsBack() throws {
        let file = try SafetensorsFile(path: folder.write(written(), to: "copy.safetensors"))
        #expect(file.isSealed && file.metadata["step"] == "7" && file.entries.count == 3)
        #expect(try file.tensor("weight").values == [1, -2, 0, 3.5, 0x1p-149])
        // The same contents are the same bytes, and those of another step are others.
        #expect(try written() == written())
        #expect(try written(["step": "8"]) != written())
        let path = folder.file("open.safetensors")
        try SafetensorsFile.write(path: path, contents)
        #expect(try !SafetensorsFile(path: path).isSealed)
    }

    /// Every bit of the file, one after the other; then every length.
    @Test func everyDamageIsFound() throws {
        let whole = try written()
        for position in whole.indices {
            for bit in 0..<8 {
                var damaged = whole
                damaged[position] ^= 1 << bit
                let path = try folder.write(damaged, to: "damaged.safetensors")
                // A damaged key leaves a file without a checksum, of which the reader of checkpoints thinks the same.
                let isSealed = (try? SafetensorsFile(path: path))?.isSealed ?? false
                #expect(!isSealed, "bit \(bit) of byte \(position)")
            }
        }
        for length in 0..<whole.count {
            let path = try folder.write(Array(whole.prefix(length)), to: "damaged.safetensors")
            #expect(throws: TensorsError.self) { try SafetensorsFile(path: path) }
        }
    }

    @Test func damageIsWorded() throws {
        var damaged = try written()
        damaged[damaged.count - 1] ^= 1
        let path = try folder.write(damaged, to: "damaged.safetensors")
        let error = #expect(throws: TensorsError.self) { try SafetensorsFile(path: path) }
        let words = "\(path): not a valid safetensors file: it is damaged: its checksum is "
        #expect(error.map { "\($0)".hasPrefix(words) && "\($0)".hasSuffix("' as recorded") } == true)
    }
}
