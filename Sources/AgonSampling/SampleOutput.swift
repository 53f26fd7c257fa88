import AgonDatasets
import AgonRuns
import AgonTensors
import Foundation

/// Where samples go, as the ending of a path says: one image with all of them, an array, or a folder of images.
public enum SampleOutput: Equatable, Sendable {
    /// One PNG: a grid.
    case image(String)
    /// One NumPy file with all samples as the generator made them: `[N, H, W, C]` in [-1, 1], or points `[N, D]`.
    case array(String)
    /// A PNG per sample at its native size, numbered from 1: `00001.png`.
    case folder(String)

    /// `.png`, `.npy`, or a folder: a path that ends with `/` or that is a folder already.
    ///
    /// Throws `SamplingError.unknownOutput` for other endings, `TensorsError.cannotWrite` for a file whose folder does
    /// not exist.
    public init(path: String) throws {
        if path.hasSuffix("/") || FileSystem.isFolder(path) {
            self = .folder(path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path)
        } else if path.lowercased().hasSuffix(".png") {
            self = .image(path)
        } else if path.lowercased().hasSuffix(".npy") {
            self = .array(path)
        } else {
            throw SamplingError.unknownOutput(path: path)
        }
        if case .folder = self { return }
        try AtomicFile.checkFolder(of: path)
    }

    /// Whether all samples are drawn in one image.
    var isOneImage: Bool { if case .image = self { true } else { false } }

    /// Writes samples.
    ///
    /// - Parameters:
    ///   - samples: images `[N, H, W, C]` in [-1, 1], or points `[N, D]`.
    ///   - drawing: makes the one image with all of them.
    ///
    /// Throws `TensorsError.cannotWrite`, `DatasetError.cannotWrite`, `RunError.cannotMakeFolder`,
    /// `SamplingError.folderNotEmpty` for a folder with other files, `.folderBusy` for one into which another process
    /// writes samples, `.notImages` for points that are to be images.
    func write(_ samples: Tensor, drawing: (Tensor) -> Image) throws {
        switch self {
        case .image(let path): try ImageFile.writePNG(drawing(samples), path: path)
        case .array(let path): try NpyArray(samples).write(path: path)
        case .folder(let path): try Self.writeNumbered(samples, in: path)
        }
    }

    private static func writeNumbered(_ samples: Tensor, in folder: String) throws {
        guard samples.shape.rank == 4 else { throw SamplingError.notImages(path: folder) }
        try RunFolder.makeFolders(folder)
        try checkEmpty(folder)
        let lock = try lock(folder)
        defer { withExtendedLifetime(lock) {} }
        // Another process may have written samples in the meantime.
        try checkEmpty(folder)
        // A part of the samples, as after a full disk or a signal, would pass for all of them.
        let unfinished = folder + "/" + unfinishedName
        // Of a process that was ended by a signal.
        try? FileManager.default.removeItem(atPath: unfinished)
        let images = EightBitImages(SampleGrid.displayable(samples))
        let digits = max(5, String(images.count).count)
        defer { try? FileManager.default.removeItem(atPath: unfinished) }
        try RunFolder.makeFolders(unfinished)
        let names = (1...images.count).map { index in
            String(repeating: "0", count: digits - String(index).count) + "\(index).png"
        }
        for (index, name) in names.enumerated() {
            let image = Image(shape: images.shape, pixels: images[index..<index + 1].pixels)
            try ImageFile.writePNG(image, path: unfinished + "/" + name)
        }
        for name in names {
            let path = folder + "/" + name
            guard rename(unfinished + "/" + name, path) == 0 else {
                throw TensorsError.cannotWrite(path: path, code: errno)
            }
        }
    }

    /// The folder of images that are not complete.
    private static let unfinishedName = ".unfinished"

    /// Refuses a folder with other files, which would be measured with the samples.
    private static func checkEmpty(_ folder: String) throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        if let other = names.first(where: { $0 != unfinishedName }) {
            throw SamplingError.folderNotEmpty(path: folder, file: other)
        }
    }

    private static func lock(_ folder: String) throws -> RunFolder.Lock {
        do {
            return try RunFolder(path: folder).lock()
        } catch RunError.runBusy {
            throw SamplingError.folderBusy(path: folder)
        }
    }
}
