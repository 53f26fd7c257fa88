import AgonTestFiles
import Foundation
import Testing

@testable import AgonDatasets

@Suite struct ImageSurveyTests {
    private func folderOf(_ count: Int) throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        for index in 0..<count {
            try folder.writeImage("pics/\(10 + index).png", value: UInt8(index), height: 6, width: 9)
        }
        return folder
    }

    /// Sets the times of files back, so that they are not as new as those that may change again.
    private func age(_ folder: TemporaryFolder, by seconds: Double = 100) throws {
        for file in folder.files {
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSinceNow: -seconds)], ofItemAtPath: folder.path + "/" + file)
        }
    }

    @Test func allBrokenImagesAreNamedBeforeAnyIsRead() throws {
        let folder = try folderOf(6)
        let path = folder.path + "/pics"
        let whole = try bytes(of: path + "/10.png")
        var flipped = whole
        flipped[whole.count - 20] ^= 0x40
        try folder.write(Array(whole.dropLast(30)), to: "pics/11.png")
        try folder.write(flipped, to: "pics/12.png")
        try folder.write("", to: "pics/13.png")
        let text = message { _ = try ImageFolder(path: path) }
        #expect(
            text.hasPrefix(
                "\(path): 3 of 6 images are broken; remove them, or set dataset.broken to \"skip\": 11.png: "))
        #expect(text.contains("; 12.png: bad PNG: ") && text.hasSuffix("; 13.png: the file is empty"), "\(text)")
        let skipping = try ImageFolder(path: path, reading: ImageReading(broken: .skip))
        #expect(skipping.files == ["10.png", "14.png", "15.png"])
        #expect(skipping.notes[0].hasSuffix("; 3 broken skipped: 11.png, 12.png, 13.png"), "\(skipping.notes)")
    }

    @Test func folderWithoutSoundImageIsAnErrorEvenWhenSkipping() throws {
        let folder = try TemporaryFolder()
        try folder.write("no", to: "a.jpg")
        #expect(
            message { _ = try ImageFolder(path: folder.path, reading: ImageReading(broken: .skip)) }.contains("a.jpg"))
    }

    @Test func labelsFollowTheImagesThatAreLeft() throws {
        let folder = try TemporaryFolder()
        for name in ["ape/1.png", "ape/2.png", "bee/1.png", "bee/2.png"] { try folder.writeImage(name, value: 1) }
        try folder.write("broken", to: "ape/2.png")
        let images = try ImageFolder(path: folder.path, reading: ImageReading(broken: .skip))
        #expect(images.files == ["ape/1.png", "bee/1.png", "bee/2.png"] && images.labels == [0, 1, 1])
    }

    @Test func lineSaysWhatWasTaken() throws {
        let folder = try TemporaryFolder()
        try folder.writeImage("cat/a.png", value: 1, height: 4, width: 4)
        try folder.writeImage("cat/b.png", value: 1, height: 8, width: 6, channels: 1)
        try ImageFile.writeJPEG(
            Image(shape: ImageShape(height: 5, width: 5, channels: 3), pixels: [UInt8](repeating: 9, count: 75)),
            path: folder.path + "/cat/c.jpg", quality: 90)
        try folder.writeImage("dog/d.png", value: 1, height: 4, width: 4)
        try folder.writeImage("dog/@eaDir/d.png", value: 1)
        try folder.writeImage("dog/.thumbnails/d.png", value: 1)
        try folder.write("x", to: "dog/notes.txt")
        try folder.write("x", to: "dog/photo.heic")
        try folder.write("x", to: "list.txt")
        let images = try ImageFolder(path: folder.path)
        #expect(
            images.notes == [
                "\(folder.path): 4 images (3 PNG, 1 JPEG; 4x4 to 8x6 pixels, height x width; 1 grey, the others colour); "
                    + "2 classes: cat, dog; left out: 2 .txt, 1 .heic, 1 hidden, 1 system folder"
            ])
    }

    @Test func folderOfOtherFilesSaysWhichTheyAre() throws {
        let folder = try TemporaryFolder()
        try folder.write("x", to: "a.heic")
        try folder.write("x", to: "b.heic")
        #expect(message { _ = try ImageFolder(path: folder.path) }.hasSuffix("; left out: 2 .heic"))
    }

    @Test func whatWasFoundIsKeptUntilAFileChanges() throws {
        let folder = try folderOf(4)
        let (path, cache) = (folder.path + "/pics", folder.path + "/cache")
        // Times of entries cannot be set back: the store takes what is old enough.
        try age(folder)
        Thread.sleep(forTimeInterval: 2.1)
        let first = try ImageFolder(path: path, cacheFolder: cache)
        let stored = try #require(folder.files.first { $0.hasSuffix(".files") })
        #expect(String(decoding: try bytes(of: folder.path + "/" + stored), as: UTF8.self).contains("\t13.png\0"))
        let store = FileRecords(of: path, cacheFolder: cache)
        let stamp = try #require(FileStamp(path: path + "/11.png"))
        #expect(store.record("11.png", stamp: stamp)?.image?.width == 9)
        #expect(try ImageFolder(path: path, cacheFolder: cache).fingerprint == first.fingerprint)
        try folder.writeImage("pics/11.png", value: 200, height: 6, width: 9)
        let changed = try #require(FileStamp(path: path + "/11.png"))
        #expect(store.record("11.png", stamp: changed) == nil)
        #expect(try ImageFolder(path: path, cacheFolder: cache).fingerprint != first.fingerprint)
        // A damaged store is as good as none.
        try folder.write("agon files 1\0nonsense\0", to: stored)
        #expect(try ImageFolder(path: path, cacheFolder: cache).count == 4)
    }

    @Test func unwritableCacheIsNoFault() throws {
        let folder = try folderOf(2)
        #expect(try ImageFolder(path: folder.path + "/pics", cacheFolder: "/proc/nowhere").count == 2)
    }

    @Test func imagesOfOtherSizesAreFoundWhenTheSetIsOpened() throws {
        let folder = try folderOf(2)
        let other = try folder.writeImage("pics/z.png", value: 1, height: 6, width: 8)
        let source = try ImageFolder(path: folder.path + "/pics")
        #expect(
            message { _ = try ImageDataset.plain(source) }
                == "\(other): is 6x8x3 after the transforms, but the first image is 6x9x3; "
                + "add a transform such as {\"type\": \"resize\", \"size\": 6}")
        #expect(
            message { _ = try ImageDataset.plain(source, transforms: [.centerCrop(height: 6, width: 9)]) }
                == "\(other): center-crop to 6x9 does not fit the image of 6x8x3; resize it first")
    }
}
