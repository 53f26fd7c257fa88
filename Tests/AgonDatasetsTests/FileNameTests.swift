import AgonTestFiles
import Foundation
import Testing

@testable import AgonDatasets

@Suite struct FileNameTests {
    @Test func namesThatAreNoTextAreFilesLikeOthers() throws {
        let folder = try TemporaryFolder()
        let image = try bytes(of: try folder.writeImage("plain.png", value: 3))
        let names: [[UInt8]] = [
            Array("caf".utf8) + [0xe9] + Array(".png".utf8), [0xff, 0xfe] + Array(".png".utf8),
            Array("\u{10FFE9}.png".utf8), Array("café.png".utf8), Array("cafe\u{301}.png".utf8),
        ]
        for name in names {
            var path = Array(folder.path.utf8) + [0x2f] + name
            path.append(0)
            let descriptor = path.withUnsafeBytes {
                open($0.bindMemory(to: CChar.self).baseAddress!, O_WRONLY | O_CREAT, 0o644)
            }
            #expect(descriptor >= 0 && write(descriptor, image, image.count) == image.count)
            close(descriptor)
        }
        let images = try ImageFolder(path: folder.path)
        #expect(images.count == 6)
        let scratch = ImageScratch()
        for index in 0..<6 { try images.read(index, scratch: scratch) }
        #expect(Set(images.files.map { Array($0.utf8) }).count == 6)
    }

    @Test func bytesComeBack() {
        for bytes in [[0x61, 0xe9, 0x62], [0xf4, 0x8f, 0xbf, 0xa9], [0xc3, 0xa9], [0xc3], []] as [[UInt8]] {
            let text = bytes.withUnsafeBufferPointer { FileName.text($0) }
            let back = FileName.withBytes(of: text) { Array(UnsafeBufferPointer(start: $0, count: strlen($0))) }
            #expect(back.map { UInt8(bitPattern: $0) } == bytes)
        }
    }

    @Test func messagesShowBytesAndControlCharacters() throws {
        let name = ([0x61, 0xe9, 0x0a] as [UInt8]).withUnsafeBufferPointer { FileName.text($0) }
        #expect(DatasetError.badImage(path: name, reason: "why").description == "a\\xE9\\x0A: why")
    }

    @Test func pipesAreNotWaitedFor() throws {
        let folder = try TemporaryFolder()
        try folder.writeImage("a.png", value: 1)
        #expect(mkfifo(folder.path + "/b.png", 0o600) == 0)
        #expect(mkfifo(folder.path + "/set.tar", 0o600) == 0)
        let images = try ImageFolder(path: folder.path)
        #expect(images.count == 1 && images.notes[0].contains("2 pipe or device"))
        #expect(message { _ = try ImageFile.read(path: folder.path + "/b.png") }.contains("not a regular file"))
        #expect(message { _ = try IDXFile(path: folder.path + "/b.png", rank: 1) }.contains("not a regular file"))
        #expect(
            message { _ = try DatasetArchive.folder(of: folder.path + "/set.tar", cacheFolder: folder.path) }
                .contains("not a regular file"))
    }
}
