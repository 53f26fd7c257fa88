import AgonTestFiles
import CAgonImageCodecs
import Foundation
import Testing

@testable import AgonDatasets

/// Files of the formats beside PNG and JPEG, and what files say of depth, way up and transparency. All but those made
/// here were written by Pillow 13.0.0, whose reading they are compared with.
@Suite struct ImageFormatTests {
    /// Three by two pixels, all different.
    private static let colours: [UInt8] = [
        250, 10, 20, 10, 250, 30, 20, 30, 250, 200, 200, 10, 10, 200, 200, 200, 10, 200,
    ]

    private func read(_ base64: String, _ reading: ImageReading = ImageReading()) throws -> Image {
        let folder = try TemporaryFolder()
        let bytes = try #require(Data(base64Encoded: base64))
        let path = try folder.write(Array(bytes), to: "image")
        let image = try ImageFile.read(path: path, reading: reading)
        #expect(try ImageFile.shape(path: path) == image.shape)
        return image
    }

    private static let lossless: [(String, String, [UInt8], Int)] = [
        (
            "webp",
            "UklGRkoAAABXRUJQVlA4TD0AAAAvAkAAAC+gGAAaqHcc+SNEdGw4RAIkZJKb3Ow6E1mAyb97RIGHEEEw8x+8P5CXjQm0QCBA"
                + "GSsOGCei/7G8AA==", colours, 3
        ),
        (
            "bmp of 24 bits",
            "Qk1OAAAAAAAAADYAAAAoAAAAAwAAAAIAAAABABgAAAAAABgAAADEDgAAxA4AAAAAAAAAAAAACsjIyMgKyArIAAAAFAr6HvoK"
                + "+h4UAAAA", colours, 3
        ),
        (
            "bmp with a palette",
            "Qk1WAAAAAAAAAE4AAAAoAAAAAwAAAAIAAAABAAgAAAAAAAgAAADEDgAAxA4AAAYAAAAGAAAACsjIAB76CgDIyAoA+h4UAMgK"
                + "yAAUCvoAAAIEAAUBAwA=", colours, 3
        ),
        (
            "gif",
            "R0lGODdhAwACAIIAAMjICgr6HgrIyBQe+sgKyPoKFAAAAAAAACwAAAAAAwACAAAICQALBBgAQACBgAA7", colours, 3
        ),
        (
            "tiff, LZW",
            "SUkqAB4AAACAPoFBQFPoPBQPPpkMgFAqFwxkQEAACgAAAQMAAQAAAAMAAAABAQMAAQAAAAIAAAACAQMAAwAAAJwAAAADAQMA"
                + "AQAAAAUAAAAGAQMAAQAAAAIAAAARAQQAAQAAAAgAAAAVAQMAAQAAAAMAAAAWAQMAAQAAAAIAAAAXAQQAAQAAABUAAAAcAQMA"
                + "AQAAAAEAAAAAAAAACAAIAAgA", colours, 3
        ),
        (
            "grey tiff",
            "SUkqAAgAAAAJAAABBAABAAAAAwAAAAEBBAABAAAAAgAAAAIBAwABAAAACAAAAAMBAwABAAAAAQAAAAYBAwABAAAAAQAAABEB"
                + "BAABAAAAegAAABYBBAABAAAAAgAAABcBBAABAAAABgAAABwBAwABAAAAAQAAAAAAAABTmTSyj1g=",
            [83, 153, 52, 178, 143, 88], 1
        ),
    ]

    @Test(arguments: lossless.indices) func formatsAreRead(index: Int) throws {
        let (name, base64, pixels, channels) = Self.lossless[index]
        let image = try read(base64)
        #expect(image == Image(shape: ImageShape(height: 2, width: 3, channels: channels), pixels: pixels), "\(name)")
    }

    @Test(arguments: lossless.indices) func cutFilesAreErrors(index: Int) throws {
        let (name, base64, _, _) = Self.lossless[index]
        let whole = Array(try #require(Data(base64Encoded: base64)))
        let folder = try TemporaryFolder()
        // What lies behind the pixels is not needed: the end of a GIF, and the padding of a bitmap's last row.
        for count in 0..<whole.count - 4 {
            let path = try folder.write(Array(whole[..<count]), to: "cut")
            #expect(throws: DatasetError.self, "\(name) cut to \(count) of \(whole.count)") {
                _ = try ImageFile.read(path: path)
            }
        }
    }

    @Test(arguments: lossless.indices) func damagedFilesNeverCrash(index: Int) throws {
        let whole = Array(try #require(Data(base64Encoded: Self.lossless[index].1)))
        let folder = try TemporaryFolder()
        for position in whole.indices {
            for flip in [0x01, 0x80, 0xff] as [UInt8] {
                var damaged = whole
                damaged[position] ^= flip
                let path = try folder.write(damaged, to: "damaged")
                // A large image of few bytes is possible, and slow.
                guard let shape = try? ImageFile.shape(path: path), shape.count < 1 << 20 else { continue }
                if let image = try? ImageFile.read(path: path) { #expect(image.pixels.count == image.shape.count) }
            }
        }
    }

    /// 0, 0x8000, 0xf0ff and 0xffff.
    @Test(arguments: [
        "iVBORw0KGgoAAAANSUhEUgAAAAQAAAABEAAAAACMx4xSAAAAEUlEQVR4nGNgYGhg+PD//38ADMMEbo0yS3AAAAAASUVORK5CYII=",
        "SUkqAAgAAAAJAAABBAABAAAABAAAAAEBBAABAAAAAQAAAAIBAwABAAAAEAAAAAMBAwABAAAAAQAAAAYBAwABAAAAAQAAABEB"
            + "BAABAAAAegAAABYBBAABAAAAAQAAABcBBAABAAAACAAAABwBAwABAAAAAQAAAAAAAAAAAACA//D//w==",
    ]) func sixteenBitsBecomeEightByTheirUpperByte(base64: String) throws {
        #expect(try read(base64).pixels == [0, 0x80, 0xf0, 0xff])
    }

    /// The colours stored as three by two, with the first row on the right and the first column at the top.
    @Test(arguments: [
        "iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAIAAAASFvFNAAAAGmVYSWZNTQAqAAAACAABARIAAwAAAAEABgAAAAAAANZnS2kA"
            + "AAAdSURBVHicY/jFJcL1S05E7hfDiRNcXCdOnOA6AQBKxAg1GyZL/QAAAABJRU5ErkJggg==",
        "UklGRn4AAABXRUJQVlA4WAoAAAAIAAAAAgAAAQAAVlA4TD0AAAAvAkAAAC+gGAAaqHcc+SNEdGw4RAIkZJKb3Ow6E1mAyb97"
            + "RIGHEEEw8x+8P5CXjQm0QCBAGSsOGCei/7G8AEVYSUYaAAAATU0AKgAAAAgAAQESAAMAAAABAAYAAAAAAAA=",
        "SUkqAAgAAAALAAABBAABAAAAAwAAAAEBBAABAAAAAgAAAAIBAwADAAAAkgAAAAMBAwABAAAAAQAAAAYBAwABAAAAAgAAABEB"
            + "BAABAAAAmAAAABIBAwABAAAABgAAABUBAwABAAAAAwAAABYBBAABAAAAAgAAABcBBAABAAAAEgAAABwBAwABAAAAAQAAAAAA"
            + "AAAIAAgACAD6ChQK+h4UHvrIyAoKyMjICsg=",
    ]) func orientationIsApplied(base64: String) throws {
        let image = try read(base64)
        #expect(image.shape == ImageShape(height: 3, width: 2, channels: 3))
        let upright = [3, 0, 4, 1, 5, 2].flatMap { Self.colours[3 * $0..<3 * $0 + 3] }
        #expect(image.pixels == upright)
    }

    /// Red on the left and blue on the right of 16x32 stored pixels, orientation 6: red above blue.
    @Test func orientationOfJPEGIsApplied() throws {
        let image = try read(
            "/9j/4AAQSkZJRgABAQAAAQABAAD/4QAiRXhpZgAATU0AKgAAAAgAAQESAAMAAAABAAYAAAAAAAD/2wBDAAMCAgMCAgMDAwME"
                + "AwMEBQgFBQQEBQoHBwYIDAoMDAsKCwsNDhIQDQ4RDgsLEBYQERMUFRUVDA8XGBYUGBIUFRT/2wBDAQMEBAUEBQkFBQkUDQsN"
                + "FBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBT/wAARCAAQACADAREAAhEBAxEB/8QA"
                + "HwAAAQUBAQEBAQEAAAAAAAAAAAECAwQFBgcICQoL/8QAtRAAAgEDAwIEAwUFBAQAAAF9AQIDAAQRBRIhMUEGE1FhByJxFDKB"
                + "kaEII0KxwRVS0fAkM2JyggkKFhcYGRolJicoKSo0NTY3ODk6Q0RFRkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1dnd4eXqDhIWG"
                + "h4iJipKTlJWWl5iZmqKjpKWmp6ipqrKztLW2t7i5usLDxMXGx8jJytLT1NXW19jZ2uHi4+Tl5ufo6erx8vP09fb3+Pn6/8QA"
                + "HwEAAwEBAQEBAQEBAQAAAAAAAAECAwQFBgcICQoL/8QAtREAAgECBAQDBAcFBAQAAQJ3AAECAxEEBSExBhJBUQdhcRMiMoEI"
                + "FEKRobHBCSMzUvAVYnLRChYkNOEl8RcYGRomJygpKjU2Nzg5OkNERUZHSElKU1RVVldYWVpjZGVmZ2hpanN0dXZ3eHl6goOE"
                + "hYaHiImKkpOUlZaXmJmaoqOkpaanqKmqsrO0tba3uLm6wsPExcbHyMnK0tPU1dbX2Nna4uPk5ebn6Onq8vP09fb3+Pn6/9oA"
                + "DAMBAAIRAxEAPwD50r8MP9UwoA8Cr/cY/wAdAoA99r/Dk/2LCgDwKv8AcY/x0CgD/9k=")
        #expect(image.shape == ImageShape(height: 32, width: 16, channels: 3))
        let (top, bottom) = (image.pixels[0..<3], image.pixels.suffix(3))
        #expect(top.first ?? 0 > 240 && bottom.last ?? 0 > 240, "\(top) above \(bottom)")
    }

    /// Each orientation by the definition in Exif: where row 0 and column 0 of the stored image lie.
    @Test(
        arguments: [
            (1, [0, 1, 2, 3, 4, 5]), (2, [2, 1, 0, 5, 4, 3]), (3, [5, 4, 3, 2, 1, 0]), (4, [3, 4, 5, 0, 1, 2]),
            (5, [0, 3, 1, 4, 2, 5]), (6, [3, 0, 4, 1, 5, 2]), (7, [5, 2, 4, 1, 3, 0]), (8, [2, 5, 1, 4, 0, 3]),
        ] as [(UInt8, [Int])]) func everyOrientationTurns(orientation: UInt8, order: [Int]) throws
    {
        var bytes = Array(
            try #require(
                Data(
                    base64Encoded:
                        "iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAIAAAASFvFNAAAAGmVYSWZNTQAqAAAACAABARIAAwAAAAEABgAAAAAAANZnS2kA"
                        + "AAAdSURBVHicY/jFJcL1S05E7hfDiRNcXCdOnOA6AQBKxAg1GyZL/QAAAABJRU5ErkJggg==")))
        let tag = try #require(
            bytes.indices.dropLast(11).first { Array(bytes[$0..<$0 + 8]) == [0x01, 0x12, 0, 3, 0, 0, 0, 1] })
        bytes[tag + 9] = orientation
        // The checksum of the chunk is not looked at, as the chunk is not decoded by libpng.
        let image = try read(Data(bytes).base64EncodedString())
        #expect(image.pixels == order.flatMap { Self.colours[3 * $0..<3 * $0 + 3] })
    }

    /// RGBA (10, 20, 30, 0), (40, 50, 60, 255).
    @Test func transparentPartsShowTheBackground() throws {
        let base64 = "UklGRiAAAABXRUJQVlA4TBQAAAAvAQAAEA9wCo8reNRj/gNHBSL6Hw=="
        #expect(try read(base64).pixels == [255, 255, 255, 40, 50, 60])
        #expect(try read(base64, ImageReading(background: 7)).pixels == [7, 7, 7, 40, 50, 60])
    }

    /// RGBA (10, 20, 30, 128), (40, 50, 60, 255), on white and on black.
    @Test func halfTransparentPartsAreBlended() throws {
        let base64 =
            "SUkqAAgAAAALAAABBAABAAAAAgAAAAEBBAABAAAAAQAAAAIBAwAEAAAAkgAAAAMBAwABAAAAAQAAAAYBAwABAAAAAgAAABEB"
            + "BAABAAAAmgAAABUBAwABAAAABAAAABYBBAABAAAAAQAAABcBBAABAAAACAAAABwBAwABAAAAAQAAAFIBAwABAAAAAgAAAAAA"
            + "AAAIAAgACAAIAAoUHoAoMjz/"
        func expectNear(_ image: Image, _ expected: [Int]) {
            #expect(image.pixels.count == expected.count)
            for (found, wanted) in zip(image.pixels, expected) { #expect(abs(Int(found) - wanted) <= 1, "\(image)") }
        }
        expectNear(try read(base64), [132, 137, 142, 40, 50, 60])
        expectNear(try read(base64, ImageReading(background: 0)), [5, 10, 15, 40, 50, 60])
    }

    @Test func firstFrameOfAnAnimationIsRead() throws {
        let image = try read(
            "UklGRoQAAABXRUJQVlA4WAoAAAACAAAAAwAAAwAAQU5JTQYAAAAAAAAAAABBTk1GKgAAAAAAAAAAAAMAAAMAAAAAAAJWUDhM"
                + "EQAAAC8DwAAAB1CEJvSg/4GI6H8AAEFOTUYmAAAAAAAAAAAAAwAAAwAAAAAAAFZQOEwOAAAALwPAAAAHkJn9D0RE/wM=")
        #expect(image.pixels == (0..<16).flatMap { _ in [9, 8, 7] as [UInt8] })
    }

    /// Cyan 10, magenta 200, yellow 90, black 30 of 255.
    @Test func inksBecomeLight() throws {
        let image = try read(
            "/9j/7gAOQWRvYmUAZAAAAAAA/9sAQwACAQEBAQECAQEBAgICAgIEAwICAgIFBAQDBAYFBgYGBQYGBgcJCAYHCQcGBggLCAkK"
                + "CgoKCgYICwwLCgwJCgoK/8AAFAgACAAIBEMRAE0RAFkRAEsRAP/EAB8AAAEFAQEBAQEBAAAAAAAAAAABAgMEBQYHCAkKC//E"
                + "ALUQAAIBAwMCBAMFBQQEAAABfQECAwAEEQUSITFBBhNRYQcicRQygZGhCCNCscEVUtHwJDNicoIJChYXGBkaJSYnKCkqNDU2"
                + "Nzg5OkNERUZHSElKU1RVVldYWVpjZGVmZ2hpanN0dXZ3eHl6g4SFhoeIiYqSk5SVlpeYmZqio6Slpqeoqaqys7S1tre4ubrC"
                + "w8TFxsfIycrS09TV1tfY2drh4uPk5ebn6Onq8fLz9PX29/j5+v/aAA4EQwBNAFkASwAAPwD91K/NuvpSv2Er/9k=")
        #expect(image.shape == ImageShape(height: 8, width: 8, channels: 3))
        try #require(image.pixels.count == 192)
        // One colour, within the errors of its compression.
        for (index, found) in image.pixels.enumerated() {
            #expect(abs(Int(found) - [216, 49, 146][index % 3]) <= 2, "\(index)")
        }
    }

    /// Two rows of four pixels, run-length encoded: a run of three and one, and a jump to the end of the bitmap.
    @Test func runLengthsOfBitmapsAreRead() throws {
        let palette: [UInt8] = [1, 2, 3, 0, 40, 50, 60, 0]
        let runs: [UInt8] = [3, 1, 1, 0, 0, 0, 0, 4, 1, 0, 1, 1, 0, 1]
        let header =
            word(40, 4) + word(4, 4) + word(2, 4) + word(1, 2) + word(8, 2) + word(1, 4) + word(0, 12)
            + word(2, 4) + word(0, 4)
        let bytes = Array("BM".utf8) + word(54 + 8 + runs.count, 4) + word(0, 4) + word(62, 4) + header + palette + runs
        let image = try read(Data(bytes).base64EncodedString())
        let (zero, one) = ([3, 2, 1] as [UInt8], [60, 50, 40] as [UInt8])
        #expect(image.pixels == one + zero + one + one + one + one + one + zero)
    }

    /// A little-endian number of so many bytes.
    private func word(_ value: Int, _ size: Int) -> [UInt8] {
        (0..<size).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }

    /// A grey TIFF of two pixels of 16 bits for each page (TIFF 6.0, section 2).
    private func tiff(sampleFormat: Int, pages: Int = 1) -> [UInt8] {
        var file = Array("II*\0".utf8) + word(8, 4)
        let fields = 10
        for page in 1...pages {
            let end = file.count + 2 + 12 * fields + 4
            let entries = [
                (256, 2), (257, 1), (258, 16), (259, 1), (262, 1), (273, end), (277, 1), (278, 1), (279, 4),
                (339, sampleFormat),
            ]
            file += word(fields, 2)
            for (tag, value) in entries {
                file += word(tag, 2) + word(tag == 273 || tag == 279 ? 4 : 3, 2) + word(1, 4) + word(value, 4)
            }
            file += word(page == pages ? 0 : end + 4, 4) + word(0x1000, 2) + word(0xf000, 2)
        }
        return file
    }

    @Test func signedTIFFIsRefused() throws {
        let folder = try TemporaryFolder()
        let plain = try folder.write(tiff(sampleFormat: 1), to: "a.tif")
        #expect(try ImageFile.read(path: plain).pixels == [0x10, 0xf0])
        let signed = try folder.write(tiff(sampleFormat: 2), to: "b.tif")
        #expect(
            message { _ = try ImageFile.read(path: signed) }
                == "\(signed): a TIFF of signed 16-bit values; expected unsigned 8 or 16 bits")
    }

    /// A TIFF of one pixel of 8 bits with an extra sample of a kind (TIFF 6.0, section 18).
    private func tiff(_ samples: [UInt8], extra kind: Int) -> [UInt8] {
        let fields = 11
        let (bits, pixels) = (8 + 2 + 12 * fields + 4, 8 + 2 + 12 * fields + 4 + 2 * samples.count)
        let entries = [
            (256, 1, 1), (257, 1, 1), (258, samples.count, samples.count > 2 ? bits : 0x80008), (259, 1, 1),
            (262, 1, samples.count > 2 ? 2 : 1), (273, 1, pixels), (277, 1, samples.count), (278, 1, 1),
            (279, 1, samples.count), (338, 1, kind), (339, 1, 1),
        ]
        var file = Array("II*\0".utf8) + word(8, 4) + word(fields, 2)
        for (tag, count, value) in entries {
            file += word(tag, 2) + word(tag == 273 || tag == 279 ? 4 : 3, 2) + word(count, 4) + word(value, 4)
        }
        return file + word(0, 4) + samples.flatMap { _ in word(8, 2) } + samples
    }

    /// Kinds: 0 unspecified, 1 premultiplied alpha, 2 alpha. The background is white.
    @Test(arguments: [
        ([100, 128], 2, [177]), ([100, 128], 0, [100]), ([200, 100, 50, 60], 0, [200, 100, 50]),
        ([200, 100, 50, 255], 2, [200, 100, 50]), ([50, 25, 12, 128], 1, [177, 152, 139]),
    ])
    func extraSamplesAreTakenForWhatTheyAre(samples: [UInt8], kind: Int, pixels: [UInt8]) throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(tiff(samples, extra: kind), to: "a.tif")
        #expect(try ImageFile.read(path: path).pixels == pixels)
    }

    @Test func filesOfSeveralImagesAreNoted() throws {
        // Two frames of 2x2 pixels, by Pillow.
        let animatedWebP = try #require(
            Data(
                base64Encoded:
                    "UklGRoQAAABXRUJQVlA4WAoAAAACAAAAAQAAAQAAQU5JTQYAAAAAAAAAAABBTk1GKAAAAAAAAAAAAAEAAAEAAGQAAAJWUDhM"
                    + "DwAAAC8BQAAABxD9j/4HIqL/AQBBTk1GKAAAAAAAAAAAAAEAAAEAAGQAAABWUDhMDwAAAC8BQAAABxDR//4HIqL/AQA="))
        let folder = try TemporaryFolder()
        let pixels: [UInt8] = [0, 255, 90, 40, 7, 8, 9, 10]
        for count in [1, 2] as [UInt32] {
            let set = "\(folder.path)/\(count)"
            try folder.write(tiff(sampleFormat: 1, pages: Int(count)), to: "\(count)/a.tif")
            let times: [UInt32] = [100, 100]
            try writeEncoded(path: set + "/b.gif") { agon_gif_encode(count, 2, 2, 1, pixels, times, $0, $1) }
            try writeEncoded(path: set + "/c.png") { agon_apng_encode(count, 2, 2, 1, pixels, times, $0, $1) }
            if count == 2 { try folder.write([UInt8](animatedWebP), to: "2/d.webp") }
            let note = try #require(try ImageFolder(path: set).notes.last)
            let end = "; 4 with several images in a file (animation or pages), of which the first is used"
            #expect(note.hasSuffix(end) == (count == 2), "\(note)")
        }
    }

    @Test(
        arguments: [
            (Array("\0\0\0\u{1c}ftypheic".utf8), "a HEIC image"), (Array("%PDF-1.4".utf8), "a PDF"),
            (Array("<html>".utf8), "a web page"),
            (Array("version https://git-lfs.github.com".utf8), "a Git LFS pointer"),
        ] as [([UInt8], String)]) func otherFilesAreCalledByTheirKind(bytes: [UInt8], kind: String) throws
    {
        let folder = try TemporaryFolder()
        let path = try folder.write(bytes, to: "a.png")
        #expect(
            message { _ = try ImageFile.read(path: path) }
                == "\(path): \(kind), not a PNG, JPEG, WebP, TIFF, GIF or BMP")
    }
}
