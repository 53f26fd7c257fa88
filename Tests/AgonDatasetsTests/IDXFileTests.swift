import AgonTestFiles
import Foundation
import Testing

@testable import AgonDatasets

@Suite struct IDXFileTests {
    /// Three images of 20x20 whose value i is 7i mod 251, by Python 3.11's gzip.compress.
    static let compressed =
        "H4sIAAAAAAACA2Ng4GBmYGAAYREwZucTlVHWMrSwd/MNiU7KLCiva+2ZPGvhivXb9h45fenmg+fvvjJy8IvJqmgbWTq4+4XGJGcV"
        + "VtS39U6ZvWjlhu37jp65fOvhi/ffmDgFxOVUdYytHD38w2JTsosqG9r7ps5ZvGrjjv3Hzl65/ejlh+/MXIIS8mq6JtZOngHhcak5"
        + "xVWNHf3T5i5ZvWnngePnrt55/OrjDxZuIUkFdT1TG2evwIj4tNyS6qbOCdPnLV2zedfBE+ev3X3y+tNPVh5hKUUNfTNbF++gyIT0"
        + "vNKa5q6JM+YvW7tl96GTF67fe/rm8y82XhFpJU0DcztXn+CoxIz8stqW7kkzFyxft3XP4VMXb9x/9vbLqNdHvT7q9SHmdQA7MAL7"
        + "wAQAAA=="

    @Test func plainFileIsRead() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(idx([2, 2, 3], Array(0..<12)), to: "a")
        let file = try IDXFile(path: path, rank: 3)
        #expect(file.extents == [2, 2, 3])
        #expect(file.values == Array(0..<12))
    }

    /// The magic number of a member may lie across the boundary of two blocks that are read.
    @Test(arguments: [262_142, 262_143, 262_144]) func membersOfGzipMayMeetAnywhere(length: Int) throws {
        let folder = try TemporaryFolder()
        // Four stored blocks, a head and a tail.
        let first = [UInt8](repeating: 7, count: length - 4 * 5 - 18)
        let member = gzip(first)
        #expect(member.count == length)
        let path = try folder.write(member + gzip([1, 2, 3]), to: "two.gz")
        let stream = try ByteStream(path: path)
        #expect(try stream.read(count: 300_000) == first + [1, 2, 3])
    }

    @Test func gzipIsInflated() throws {
        let folder = try TemporaryFolder()
        let bytes = try #require(Data(base64Encoded: Self.compressed))
        let file = try IDXFile(path: try folder.write(Array(bytes), to: "a.gz"), rank: 3)
        #expect(file.extents == [3, 20, 20])
        #expect(file.values == (0..<1200).map { UInt8($0 * 7 % 251) })
    }

    @Test func everyTruncationOfGzipIsAnError() throws {
        let folder = try TemporaryFolder()
        let bytes = Array(try #require(Data(base64Encoded: Self.compressed)))
        for count in 0..<bytes.count {
            let path = try folder.write(Array(bytes[..<count]), to: "a.gz")
            #expect(throws: DatasetError.self, "cut to \(count) bytes") { _ = try IDXFile(path: path, rank: 3) }
        }
    }

    @Test func damagedGzipIsAnError() throws {
        let folder = try TemporaryFolder()
        let bytes = Array(try #require(Data(base64Encoded: Self.compressed)))
        // Behind the name-less header of ten bytes, each flipped bit shows in the data or in the checksum.
        for position in stride(from: 10, to: bytes.count, by: 3) {
            var damaged = bytes
            damaged[position] ^= 0x10
            let path = try folder.write(damaged, to: "a.gz")
            #expect(throws: DatasetError.self, "byte \(position)") { _ = try IDXFile(path: path, rank: 3) }
        }
    }

    @Test func everyTruncationIsAnError() throws {
        let folder = try TemporaryFolder()
        let whole = idx([2, 2, 3], Array(0..<12))
        for count in 0..<whole.count {
            let path = try folder.write(Array(whole[..<count]), to: "a")
            #expect(throws: DatasetError.self, "cut to \(count) bytes") { _ = try IDXFile(path: path, rank: 3) }
        }
    }

    @Test(
        arguments: [
            (
                idx([2, 2, 3], Array(0..<11)),
                "its header promises 2 x 2 x 3 values, more than the file can hold|contains 11"
            ),
            (
                idx([2, 2, 3], Array(0..<13)),
                "it contains more than the 2 x 2 x 3 = 12 values that its header promises"
            ),
            (idx([4_294_967_295, 4_294_967_295, 4_294_967_295], []), "which overflows"),
            (idx([60000, 28, 28], [1, 2, 3]), "promises 60000 x 28 x 28 values, more than the file can hold"),
            (idx([2, 2], [1, 2, 3, 4]), "its array has rank 2, expected 3"),
            (idx([1, 1, 1], [0, 0, 0, 0], type: 13), "its values are float32, expected uint8"),
            (Array("<html></html>".utf8), "it is a web page"),
            ([1, 2, 3, 4, 5, 6, 7, 8], "it starts with 1 2 3 4, not with 0 0 8 3"),
            ([], "it ends in its header, after 0 bytes"),
        ] as [([UInt8], String)])
    func lyingFileIsRefused(bytes: [UInt8], expected: String) throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(bytes, to: "a")
        let text = message { _ = try IDXFile(path: path, rank: 3) }
        #expect(expected.split(separator: "|").contains { text.contains($0) }, "\(text)")
        #expect(text.hasPrefix(path))
    }

    @Test func labelsMustFitImagesAndClasses() throws {
        let folder = try TemporaryFolder()
        let images = try folder.write(idx([3, 1, 2], Array(0..<6)), to: "images")
        let few = try folder.write(idx([2], [0, 1]), to: "few")
        let large = try folder.write(idx([3], [0, 1, 2]), to: "large")
        #expect(throws: DatasetError.labelCount(path: few, labels: 2, images: 3)) {
            _ = try StoredImages.readIDX(images: images, labels: few)
        }
        #expect(throws: DatasetError.badLabel(path: large, index: 2, label: 2, classes: 2)) {
            _ = try StoredImages.readIDX(images: images, labels: large, classNames: ["a", "b"])
        }
        let sound = try StoredImages.readIDX(images: images, labels: large)
        #expect(sound.labels == [0, 1, 2])
        #expect(sound.classNames == ["0", "1", "2"])
        #expect(sound.residentBytes == 6 + 3 * 4)
    }

    @Test func missingFileAndFolderAreErrors() throws {
        let folder = try TemporaryFolder()
        #expect(message { _ = try IDXFile(path: folder.path + "/no", rank: 1) }.contains("No such file"))
        #expect(message { _ = try IDXFile(path: folder.path, rank: 1) }.contains("not a regular file"))
    }
}
