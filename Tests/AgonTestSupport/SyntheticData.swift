import AgonDatasets
import AgonTensors
import AgonTestFiles
import Foundation

/// A folder with a little data under each dataset's name and in its format: noise of the right shape, in all classes.
package struct SyntheticData {
    package let path: String

    /// Writes the data below a folder.
    package init(in folder: String) throws {
        path = folder
        for name in ["mnist", "fashion-mnist"] {
            try makeFolder(name)
            for (split, count) in [("train", 400), ("t10k", 100)] {
                try writeDigits("\(name)/\(split)-images-idx3-ubyte", "\(name)/\(split)-labels-idx1-ubyte", count)
            }
        }
        let classes = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
        for name in classes {
            for split in ["train", "test"] {
                try makeFolder("cifar10/\(split)/\(name)")
                for index in 0..<6 {
                    try write(noise(32, 32, 3, seed: index), to: "cifar10/\(split)/\(name)/\(index).png")
                }
            }
        }
        try makeFolder("facades")
        for index in 1...4 { try write(noise(256, 512, 3, seed: index), to: "facades/image_\(index).png") }
        try makeFolder("images")
        for index in 0..<8 { try write(noise(64, 64, 3, seed: index), to: "images/\(index).png") }
        let vectors = RandomStream(seed: 1, purpose: "embeddings").normal(count: 8 * 1024)
        try NpyArray(Tensor(shape: [8, 1024], values: vectors)).write(path: path + "/images.npy")
    }

    /// Where datasets are looked for.
    package var searchPath: DataSearchPath {
        DataSearchPath(
            roots: [DataSearchPath.Root(path: path, mayBeTheSet: false)],
            manifestFolders: [projectFolder + "/Datasets"], fetchFolder: path)
    }

    private func makeFolder(_ name: String) throws {
        try FileManager.default.createDirectory(atPath: path + "/" + name, withIntermediateDirectories: true)
    }

    private func noise(_ height: Int, _ width: Int, _ channels: Int, seed: Int) -> Image {
        let words = RandomStream(seed: UInt64(seed), purpose: "noise").bits(count: height * width * channels)
        return Image(
            shape: ImageShape(height: height, width: width, channels: channels),
            pixels: words.map { UInt8(truncatingIfNeeded: $0) })
    }

    private func write(_ image: Image, to name: String) throws {
        try ImageFile.writePNG(image, path: path + "/" + name)
    }

    private func writeDigits(_ images: String, _ labels: String, _ count: Int) throws {
        let pixels = RandomStream(seed: 2, purpose: "digits").bits(count: count * 784)
        try Data(idx([count, 28, 28], pixels.map { UInt8(truncatingIfNeeded: $0) })).write(
            to: URL(fileURLWithPath: path + "/" + images))
        try Data(idx([count], (0..<count).map { UInt8($0 % 10) })).write(
            to: URL(fileURLWithPath: path + "/" + labels))
    }
}
