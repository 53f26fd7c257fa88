import AgonDatasets
import AgonTensors
import AgonTestFiles
import CAgonImageCodecs
import Foundation
import Testing

@Suite struct ImageFileTests {
    /// An image in which every pixel differs from its neighbours.
    static func gradient(height: Int, width: Int, channels: Int) -> Image {
        let shape = ImageShape(height: height, width: width, channels: channels)
        return Image(shape: shape, pixels: (0..<shape.count).map { UInt8($0 * 5 % 256) })
    }

    @Test(arguments: [(1, 1, 1), (3, 5, 1), (4, 7, 3), (33, 1, 3)])
    func pngComesBackUnchanged(height: Int, width: Int, channels: Int) throws {
        let folder = try TemporaryFolder()
        let image = Self.gradient(height: height, width: width, channels: channels)
        try ImageFile.writePNG(image, path: folder.path + "/a.png")
        #expect(try ImageFile.read(path: folder.path + "/a.png") == image)
        #expect(try ImageFile.shape(path: folder.path + "/a.png") == image.shape)
        #expect(folder.files == ["a.png"], "no temporary file is left")
    }

    @Test(arguments: [1, 3]) func jpegComesBackNearly(channels: Int) throws {
        let folder = try TemporaryFolder()
        let shape = ImageShape(height: 16, width: 24, channels: channels)
        // Smooth, as JPEG likes it.
        let image = Image(
            shape: shape, pixels: (0..<shape.count).map { UInt8(40 + $0 / channels % 24 * 6 + $0 / channels / 24) })
        try ImageFile.writeJPEG(image, path: folder.path + "/a.jpg", quality: 95)
        let read = try ImageFile.read(path: folder.path + "/a.jpg")
        #expect(read.shape == shape)
        let worst = zip(read.pixels, image.pixels).map { abs(Int($0) - Int($1)) }.max()
        #expect(try #require(worst) <= 6, "quality 95 quantises the lowest frequencies by 2 to 3 levels")
    }

    @Test(arguments: ["png", "jpg"]) func everyTruncationIsAnError(format: String) throws {
        let folder = try TemporaryFolder()
        let image = Self.gradient(height: 9, width: 8, channels: 3)
        let path = folder.path + "/whole." + format
        if format == "png" {
            try ImageFile.writePNG(image, path: path)
        } else {
            try ImageFile.writeJPEG(image, path: path, quality: 90)
        }
        let whole = try bytes(of: path)
        // A PNG's last chunk, IEND of 12 bytes, holds nothing; a JPEG's last two bytes are its end marker.
        for count in 0..<whole.count - (format == "png" ? 12 : 2) {
            let cut = try folder.write(Array(whole[..<count]), to: "cut")
            #expect(throws: DatasetError.self, "cut to \(count) of \(whole.count)") {
                _ = try ImageFile.read(path: cut)
            }
        }
    }

    @Test(arguments: ["png", "jpg"]) func damageNeverCrashes(format: String) throws {
        let folder = try TemporaryFolder()
        let image = Self.gradient(height: 9, width: 8, channels: 3)
        let path = folder.path + "/whole." + format
        if format == "png" {
            try ImageFile.writePNG(image, path: path)
        } else {
            try ImageFile.writeJPEG(image, path: path, quality: 90)
        }
        let whole = try bytes(of: path)
        for position in whole.indices {
            for flip in [0x01, 0x80, 0xff] as [UInt8] {
                var damaged = whole
                damaged[position] ^= flip
                let file = try folder.write(damaged, to: "damaged")
                // Either an error or an image: no crash, and none larger than the limit.
                if let read = try? ImageFile.read(path: file) {
                    #expect(read.pixels.count == read.shape.count)
                }
            }
        }
    }

    @Test func lyingSizeIsRefusedBeforeMemoryIsTaken() throws {
        let folder = try TemporaryFolder()
        try ImageFile.writePNG(Self.gradient(height: 4, width: 4, channels: 3), path: folder.path + "/a.png")
        var lying = try bytes(of: folder.path + "/a.png")
        for position in 16..<24 { lying[position] = position % 4 == 0 ? 0x00 : 0xff }
        let path = try folder.write(lying, to: "lying.png")
        #expect(message { _ = try ImageFile.read(path: path) }.contains("16777215 x 16777215 pixels, which its"))

        // A JPEG's frame header says 65535 x 65535.
        try ImageFile.writeJPEG(
            Self.gradient(height: 8, width: 8, channels: 1), path: folder.path + "/a.jpg", quality: 90)
        var jpeg = try bytes(of: folder.path + "/a.jpg")
        let frame = try #require((0..<jpeg.count - 1).first { jpeg[$0] == 0xff && jpeg[$0 + 1] == 0xc0 })
        for position in frame + 5..<frame + 9 { jpeg[position] = 0xff }
        let file = try folder.write(jpeg, to: "lying.jpg")
        let text = message { _ = try ImageFile.read(path: file) }
        #expect(text.contains("65535 x 65535 pixels, over the limit") || text.contains("bad JPEG"), "\(text)")
    }

    @Test func otherFilesAreNamed() throws {
        let folder = try TemporaryFolder()
        let text = try folder.write("hello", to: "text.png")
        let empty = try folder.write("", to: "empty.png")
        #expect(throws: DatasetError.badImage(path: text, reason: "not a PNG, JPEG, WebP, TIFF, GIF or BMP")) {
            _ = try ImageFile.read(path: text)
        }
        #expect(throws: DatasetError.badImage(path: empty, reason: "the file is empty")) {
            _ = try ImageFile.read(path: empty)
        }
        #expect(message { _ = try ImageFile.read(path: folder.path + "/no.png") }.contains("No such file"))
    }

    @Test func alphaAndPaletteBecomeColours() throws {
        let folder = try TemporaryFolder()
        // 2x1 pixels written by Pillow 13.0.0: RGBA (10, 20, 30, 0), (40, 50, 60, 255); palette red, blue; 1-bit grey.
        let files =
            [
                (
                    "rgba",
                    "iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAYAAAD0In+KAAAAEUlEQVR4nGPkEpFjkJOT+w8AA68Bl/LMqe4AAAAA"
                        + "SUVORK5CYII=", [255, 255, 255, 40, 50, 60], 3
                ),
                (
                    "palette",
                    "iVBORw0KGgoAAAANSUhEUgAAAAIAAAABAQMAAADO7O3JAAAABlBMVEX/AAAAAP9sof2OAAAACklEQVR4nGNwAAAA"
                        + "QgBBKTf07wAAAABJRU5ErkJggg==", [255, 0, 0, 0, 0, 255], 3
                ),
                (
                    "bits",
                    "iVBORw0KGgoAAAANSUhEUgAAAAIAAAABAQAAAADcWUInAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJg"
                        + "gg==", [255, 0], 1
                ),
            ] as [(String, String, [UInt8], Int)]
        for (name, text, expected, channels) in files {
            let bytes = try #require(Data(base64Encoded: text))
            let image = try ImageFile.read(path: try folder.write(Array(bytes), to: name))
            #expect(image.pixels == expected, "\(name)")
            #expect(image.shape == ImageShape(height: 1, width: 2, channels: channels))
        }
    }

    /// 2x1 pixels written by Pillow 13.0.0: grey with alpha (10, 0), (200, 255).
    static let greyWithAlpha: (bytes: [UInt8], pixels: [UInt8]) = (
        Array(
            Data(
                base64Encoded: "iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAQAAABeK7cBAAAADUlEQVR4nGPgYjjxHwACvAHSNr7+"
                    + "SQAAAABJRU5ErkJggg==") ?? Data()),
        [255, 200]
    )

    @Test func alphaBesideGreyIsBlended() throws {
        let folder = try TemporaryFolder()
        let (bytes, pixels) = Self.greyWithAlpha
        let image = try ImageFile.read(path: try folder.write(bytes, to: "a.png"))
        #expect(image == Image(shape: ImageShape(height: 1, width: 2, channels: 1), pixels: pixels))
    }

    /// Red 40 + 10 row, green 40 + 10 column, blue 200 - 5 row; progressive, quality 90, written by Pillow 13.0.0.
    @Test func progressiveJPEGIsRead() throws {
        let folder = try TemporaryFolder()
        let text =
            "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgMCAgMDAwMEAwMEBQgFBQQEBQoHBwYIDAoMDAsKCwsNDhIQDQ4RDgsLEBYQERMUFRUV"
            + "DA8XGBYUGBIUFRT/2wBDAQMEBAUEBQkFBQkUDQsNFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQU"
            + "FBT/wgARCAAQABADAREAAhEBAxEB/8QAFAABAAAAAAAAAAAAAAAAAAAABv/EABYBAQEBAAAAAAAAAAAAAAAAAAYEB//aAAwDAQACEAMQ"
            + "AAABEaPG/OEjU2zvzZL/xAAWEAADAAAAAAAAAAAAAAAAAAAAAwT/2gAIAQEAAQUCiURKIlESj//EABURAQEAAAAAAAAAAAAAAAAAAAQA"
            + "/9oACAEDAQE/AUjkjkjkjv/EABYRAAMAAAAAAAAAAAAAAAAAAAADBP/aAAgBAgEBPwF9I+kfSPpP/8QAFRABAQAAAAAAAAAAAAAAAAAA"
            + "AAH/2gAIAQEABj8CiIj/xAAWEAEBAQAAAAAAAAAAAAAAAABRABD/2gAIAQEAAT8hNGjZv//aAAwDAQACAAMAAAAQ/j//xAAWEQADAAAA"
            + "AAAAAAAAAAAAAAAAITH/2gAIAQMBAT8Qui6Louj/xAAWEQADAAAAAAAAAAAAAAAAAAAAITH/2gAIAQIBAT8Quy7Lsuz/xAAWEAADAAAA"
            + "AAAAAAAAAAAAAAAAEFH/2gAIAQEAAT8QYAEB/9k="
        let bytes = try #require(Data(base64Encoded: text))
        let image = try ImageFile.read(path: try folder.write(Array(bytes), to: "a.jpg"))
        #expect(image.shape == ImageShape(height: 16, width: 16, channels: 3))
        for row in 0..<16 {
            for column in 0..<16 {
                let expected = [40 + 10 * row, 40 + 10 * column, 200 - 5 * row]
                for channel in 0..<3 {
                    let found = Int(image.pixels[(row * 16 + column) * 3 + channel])
                    #expect(abs(found - expected[channel]) <= 4, "\(row) \(column) \(channel): \(found)")
                }
            }
        }
    }

    @Test func failedWriteLeavesTheFormerFile() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/no/such/folder/a.png"
        #expect(
            message { try ImageFile.writePNG(Self.gradient(height: 1, width: 1, channels: 1), path: path) }
                .contains("No such file or directory"))
        // The target is a folder: the new file is written, cannot be renamed and is taken away again.
        let former = folder.path + "/taken"
        try FileManager.default.createDirectory(atPath: former + "/inside", withIntermediateDirectories: true)
        #expect(throws: TensorsError.self) {
            try ImageFile.writePNG(Self.gradient(height: 1, width: 1, channels: 1), path: former)
        }
        #expect(folder.files == ["taken", "taken/inside"])
    }

    @Test func codecsRefuseWhatTheyCannotWrite() {
        var message = [CChar](repeating: 0, count: Int(AGON_MESSAGE_SIZE))
        var encoding = agon_encoding()
        #expect(agon_png_encode(0, 4, 3, [0], &encoding, &message) < 0)
        #expect(agon_png_encode(1, 1, 2, [0, 0], &encoding, &message) < 0)
        #expect(agon_jpeg_encode(70000, 1, 1, [0], 90, &encoding, &message) < 0)
        #expect(encoding.bytes == nil)
    }
}
