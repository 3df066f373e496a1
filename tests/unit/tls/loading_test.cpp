// The cache of certificates that variables name, with files that are replaced under it.
#include "tls/loading.h"

#include <gtest/gtest.h>
#include <openssl/ec.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "net/loop.h"

namespace bext::tls {
namespace {

std::string text_of(BIO* bio) {
    char* data = nullptr;
    auto size = BIO_get_mem_data(bio, &data);
    return {data, static_cast<std::size_t>(size)};
}

/// A key and a certificate of it for `name`.
struct Made {
    explicit Made(const std::string& name) : key(EVP_EC_gen("P-256")), certificate(X509_new()) {
        X509_set_pubkey(certificate.get(), key.get());
        X509_gmtime_adj(X509_getm_notBefore(certificate.get()), 0);
        X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
        auto* subject = X509_get_subject_name(certificate.get());
        X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(name.data()), static_cast<int>(name.size()), -1, 0);
        X509_sign(certificate.get(), key.get(), EVP_sha256());
    }
    std::string certificate_text() const {
        BioPtr bio(BIO_new(BIO_s_mem()));
        PEM_write_bio_X509(bio.get(), certificate.get());
        return text_of(bio.get());
    }
    std::string key_text(const char* password = nullptr) const {
        BioPtr bio(BIO_new(BIO_s_mem()));
        PEM_write_bio_PrivateKey(bio.get(), key.get(), password ? EVP_aes_128_cbc() : nullptr, nullptr, 0, nullptr, const_cast<char*>(password));
        return text_of(bio.get());
    }
    KeyPtr key;
    X509Ptr certificate;
};

struct CertificateCacheTest : testing::Test {
    void SetUp() override {
        char name[] = "/tmp/bext-loading-XXXXXX";
        ASSERT_NE(mkdtemp(name), nullptr);
        folder = name;
    }
    void TearDown() override { std::filesystem::remove_all(folder); }
    std::string write(const std::string& name, const std::string& text) {
        auto path = folder + "/" + name;
        std::ofstream(path) << text;
        return path;
    }
    /// The common name of what the cache gives, or its error.
    static std::string name_at(CertificateCache& cache, const std::string& path) {
        auto chain = cache.chain(path);
        if (!chain) return chain.error().text;
        char name[64] = "";
        X509_NAME_get_text_by_NID(X509_get_subject_name((*chain)->leaf.get()), NID_commonName, name, sizeof name);
        return name;
    }
    net::Loop loop;  // the clock
    std::string folder;
};

constexpr conf::Seconds kLong(3600);

TEST_F(CertificateCacheTest, KeepsWhatWasReplaced) {
    auto path = write("a", Made("one").certificate_text());
    CertificateCache cache(4, kLong, kLong), none(0, kLong, kLong);
    EXPECT_EQ(name_at(cache, path), "one");
    EXPECT_EQ(name_at(none, path), "one");
    write("a", Made("two").certificate_text());
    EXPECT_EQ(name_at(cache, path), "one");
    EXPECT_EQ(name_at(none, path), "two");
    EXPECT_TRUE(cache.forget(path));
    EXPECT_FALSE(cache.forget(path));
    EXPECT_EQ(name_at(cache, path), "two");
}

TEST_F(CertificateCacheTest, WhatWasUsedLeastRecentlyGoes) {
    CertificateCache cache(2, kLong, kLong);
    std::string paths[] = {write("a", Made("a").certificate_text()), write("b", Made("b").certificate_text()), write("c", Made("c").certificate_text())};
    name_at(cache, paths[0]);
    name_at(cache, paths[1]);
    name_at(cache, paths[0]);
    name_at(cache, paths[2]);
    for (auto& path : paths) std::filesystem::remove(path);
    EXPECT_EQ(name_at(cache, paths[0]), "a");
    EXPECT_EQ(name_at(cache, paths[2]), "c");
    EXPECT_TRUE(name_at(cache, paths[1]).starts_with("cannot load certificate \"" + paths[1] + "\": BIO_new_file() failed"));
}

TEST_F(CertificateCacheTest, EncryptedKeysAreNotKept) {
    Made made("x");
    auto path = write("key", made.key_text("secret"));
    CertificateCache cache(4, kLong, kLong);
    EXPECT_FALSE(cache.key(path, {}));
    EXPECT_FALSE(cache.key(path, {"wrong"}));
    EXPECT_TRUE(cache.key(path, {"wrong", "secret"}));
    EXPECT_FALSE(cache.key(path, {}));
    write("key", made.key_text());
    EXPECT_TRUE(cache.key(path, {}));
}

TEST_F(CertificateCacheTest, TextInPlaceOfAPath) {
    CertificateCache cache(4, kLong, kLong);
    EXPECT_EQ(name_at(cache, "data:" + Made("inline").certificate_text()), "inline");
    EXPECT_NE(name_at(cache, "data:none").find("PEM_read_bio_X509_AUX() failed"), std::string::npos);
}

}  // namespace
}  // namespace bext::tls
